import { encodePcm16le } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Joined, type MediaBench, startMediaBench } from './testing/media-bench.ts';
import type { MemoryCall } from './testing/memory-calls.ts';

const RATE = LIMITS.callSampleRate;
const TICK = 320;
const SPOKEN = { protocols: ['earshot.media.v1'] };

let bench: MediaBench;
let call: MemoryCall;

beforeEach(async () => {
  bench = await startMediaBench({ limits: { mediaCredentialCheckMs: 100 } });
  call = bench.calls.add({ callId: 'call_a' });
});

afterEach(() => bench.close());

const join = (mode: 'talk' | 'listen', options = {}): Promise<Joined> =>
  bench.join(bench.path('call_a', mode), options);
const samplesOf = (bytes: Buffer): Int16Array =>
  new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

/** The peer says `samples` samples of computed audio, a tick at a time. */
function hear(samples: number, from = 0): void {
  for (let at = 0; at < samples; at += TICK) {
    call.hear(computedAudio(1, from + at, Math.min(TICK, samples - at)));
  }
}

/** Lets the peer hear what was said, fifty times as fast as in life, until `samples` have come. */
async function playUntil(samples: number): Promise<void> {
  const timer = setInterval(() => call.play(RATE / 2), 10);
  try {
    await until(() => call.talked().length >= samples, { timeoutMs: 20_000 });
  } finally {
    clearInterval(timer);
  }
}

describe('a listening client', () => {
  it('hears the peer in frames of 1920 bytes, and the rest in a shorter one when the call ends', async () => {
    const client = await join('listen');
    hear(RATE + 100);
    call.end();
    expect(await client.closed).toEqual({ code: 1000, reason: 'The call has ended.' });
    const sizes = client.binary.map(({ length }) => length);
    expect(new Set(sizes.slice(0, -1))).toEqual(new Set([1920]));
    expect(sizes.at(-1)).toBe(((RATE + 100) % 960) * 2);
    expect(findAudioDifference(samplesOf(client.bytes()), { seed: 1, samples: RATE + 100 })).toBeNull();
    expect(client.texts).toEqual([]);
  });

  it('is one of 64, who all hear the same to the sample', async () => {
    const clients = await Promise.all(
      Array.from({ length: LIMITS.maxListenersPerCall }, () => join('listen')),
    );
    hear(RATE);
    const expected = Buffer.from(encodePcm16le(computedAudio(1, 0, RATE - (RATE % 960))));
    await until(() => clients.every((client) => client.bytes().length >= expected.length));
    for (const client of clients) expect(client.bytes().equals(expected)).toBe(true);
  });

  it('says nothing to anybody, and how much it sent is counted', async () => {
    const client = await join('listen');
    client.socket.send(Buffer.alloc(1921));
    client.socket.send('{"type":"clear"}');
    await until(() => bench.observed.ignoredBytes === 1921 + 16);
    expect(call.talked()).toHaveLength(0);
    hear(960);
    await until(() => client.binary.length === 1);
    expect(client.texts).toEqual([]);
  });

  it('is told what happens when it chose the subprotocol', async () => {
    const client = await join('listen', SPOKEN);
    call.tell({ type: 'call_state', call: { callId: 'call_a', state: 'active' } });
    hear(960);
    call.end();
    await client.closed;
    const active = { type: 'call_state', call: { callId: 'call_a', state: 'active' } };
    const media = { direction: 'receive', encoding: 'PCM16LE', sampleRate: 16_000, channels: 1 };
    expect(client.events()).toEqual([{ type: 'ready', media }, active, active, { type: 'ended' }]);
  });

  it('leaves the call when it closes its socket', async () => {
    const client = await join('listen');
    expect(call.clients).toBe(1);
    client.socket.close();
    await client.closed;
    await until(() => bench.edge.clients === 0);
    expect(call.clients).toBe(0);
  });
});

describe('a talking client', () => {
  it('is heard to the sample, however it cuts its bytes', async () => {
    const client = await join('talk');
    const bytes = Buffer.from(encodePcm16le(computedAudio(2, 0, 6000)));
    let at = 0;
    for (let size = 1; at < bytes.length; size = (size * 7 + 3) % 997) {
      client.socket.send(bytes.subarray(at, at + size));
      at += size;
    }
    await until(() => call.talked().length === 6000);
    expect(findAudioDifference(call.talked(), { seed: 2, samples: 6000 })).toBeNull();
    hear(960);
    await until(() => client.binary.length === 1);
    expect(client.texts).toEqual([]);
  });

  it('loses nothing when it sends a minute at once, of which the call takes what it can', async () => {
    const client = await join('talk');
    const samples = 60 * RATE;
    for (let at = 0; at < samples; at += 960) client.socket.send(encodePcm16le(computedAudio(3, at, 960)));
    await until(() => call.waiting > RATE / 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Some was on its way to us when reading stopped; the rest waits at the sender.
    expect(call.waiting).toBeLessThan(10 * RATE);
    await playUntil(samples);
    expect(findAudioDifference(call.talked(), { seed: 3, samples })).toBeNull();
    expect(call.refusals).toBe(0);
  }, 60_000);

  it('is heard to its last sample when it says more than the call takes and leaves at once', async () => {
    const client = await join('talk', SPOKEN);
    const samples = 31 * RATE;
    client.socket.send(encodePcm16le(computedAudio(4, 0, samples)));
    client.socket.close();
    await until(() => call.waiting > 29 * RATE);
    expect(call.talked().length).toBeLessThan(samples);
    await playUntil(samples);
    expect(findAudioDifference(call.talked(), { seed: 4, samples })).toBeNull();
    await until(() => call.clients === 0 && bench.edge.clients === 0);
  });

  it('gives way to a newer one, which is told with 4409, and what it still held is not said', async () => {
    const older = await join('talk', SPOKEN);
    older.socket.send(encodePcm16le(computedAudio(4, 0, 31 * RATE)));
    await until(() => call.waiting > 29 * RATE);
    const newer = await join('talk');
    expect(await older.closed).toEqual({ code: 4409, reason: 'A newer client talks on this call.' });
    const before = call.talked().length;
    call.play(before);
    newer.socket.send(encodePcm16le(computedAudio(5, 0, 960)));
    await until(() => call.talked().length > before);
    expect(findAudioDifference(call.talked().subarray(before), { seed: 5, samples: 960 })).toBeNull();
    expect(call.clients).toBe(1);
  });

  it('is answered each mark once, in order, and may drop what was not heard', async () => {
    const client = await join('talk', SPOKEN);
    client.socket.send(encodePcm16le(computedAudio(6, 0, RATE)));
    client.socket.send('{"type":"mark","name":"one"}');
    client.socket.send(encodePcm16le(computedAudio(6, 0, RATE)));
    client.socket.send('{"type":"mark","name":"two"}');
    await until(() => call.waiting === 2 * RATE);
    const marks = () =>
      client.events().flatMap((event) => (event.type === 'mark' ? [`${event.name} ${event.state}`] : []));
    call.play(RATE);
    await until(() => marks().length === 1);
    client.socket.send('{"type":"clear"}');
    await until(() => marks().length === 2);
    expect(marks()).toEqual(['one played', 'two cleared']);
    expect(call.waiting).toBe(0);
  });

  it('gets its clear through although it is further ahead than the call takes', async () => {
    const client = await join('talk', SPOKEN);
    client.socket.send(encodePcm16le(computedAudio(6, 0, 29 * RATE)));
    client.socket.send('{"type":"mark","name":"late"}');
    client.socket.send(encodePcm16le(computedAudio(6, 0, RATE / 2)));
    client.socket.send('{"type":"clear"}');
    await until(() => client.events().some(({ type }) => type === 'mark'));
    expect(client.events().findLast(({ type }) => type === 'mark')).toMatchObject({
      name: 'late',
      state: 'cleared',
    });
    expect(call.waiting).toBe(0);
  });

  it('understands text once it has sent some itself', async () => {
    const client = await join('talk');
    call.tell({ type: 'call_state', call: { callId: 'call_a', state: 'active' } });
    client.socket.send('{"type":"mark","name":"m"}');
    await until(() => client.texts.length >= 2);
    call.play(0);
    await until(() => client.texts.length === 3);
    expect(client.events().map(({ type }) => type)).toEqual(['ready', 'call_state', 'mark']);
  });

  it('is told what is wrong with its text, and closed with 1007 when that goes on', async () => {
    const client = await join('talk');
    const wrong = [
      '{',
      '[]',
      '1',
      '{"type":"mark"}',
      `{"type":"mark","name":"${'x'.repeat(257)}"}`,
      'x'.repeat(5000),
    ];
    client.socket.send('{"type":"something-new","deep":[[[]]]}');
    for (const text of wrong) client.socket.send(text);
    await until(() => client.events().filter(({ type }) => type === 'error').length === wrong.length);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    for (let count = wrong.length; count <= LIMITS.maxMalformedFrames; count += 1) client.socket.send('{');
    expect(await client.closed).toMatchObject({ code: 1007 });
    expect(bench.observed.malformed).toBe(LIMITS.maxMalformedFrames + 1);
  });

  it('cannot pile up marks', async () => {
    const client = await join('talk', SPOKEN);
    client.socket.send(encodePcm16le(computedAudio(6, 0, RATE)));
    for (let index = 0; index < LIMITS.maxOpenMarks + 20; index += 1)
      client.socket.send(`{"type":"mark","name":"${index}"}`);
    expect(await client.closed).toMatchObject({ code: 1013 });
  });

  it('hears that the call is over in the middle of its audio', async () => {
    const client = await join('talk', SPOKEN);
    client.socket.send(encodePcm16le(computedAudio(6, 0, 31 * RATE)));
    await until(() => call.waiting > 29 * RATE);
    call.end();
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.events().at(-1)).toEqual({ type: 'ended' });
  });
});

describe('the key behind a client', () => {
  it('takes the client with it when it is revoked, soon', async () => {
    let isValid = true;
    const path = bench.path('call_a', 'talk', () => Promise.resolve(isValid));
    const [client, other] = [await bench.join(path), await join('listen')];
    isValid = false;
    const since = performance.now();
    expect(await client.closed).toEqual({ code: 1008, reason: 'The credential was revoked.' });
    expect(performance.now() - since).toBeLessThan(5000);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
    expect(call.clients).toBe(1);
  });

  it('keeps the client while nobody can tell whether it still holds', async () => {
    let asked = 0;
    const path = bench.path('call_a', 'listen', () => {
      asked += 1;
      return asked === 1 ? Promise.resolve(true) : Promise.reject(new Error('no answer'));
    });
    const client = await bench.join(path);
    await until(() => asked > 3);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(bench.written.join()).toContain('a credential cannot be checked');
  });
});

describe('the size of frames', () => {
  it('is the operator’s choice', async () => {
    const other = await startMediaBench({ mediaFrameBytes: 640 });
    call = other.calls.add({ callId: 'call_a' });
    const client = await other.join(other.path('call_a', 'listen'));
    hear(TICK * 3);
    await until(() => client.binary.length === 3);
    expect(client.binary.map(({ length }) => length)).toEqual([640, 640, 640]);
    await other.close();
  });

  it.each([0, -2, 641, 1.5, Number.NaN, 32_002])(
    'is refused at start when it cannot be served: %d',
    async (mediaFrameBytes) => {
      await expect(startMediaBench({ mediaFrameBytes })).rejects.toThrow(RangeError);
    },
  );
});
