import { encodeFloat32le } from '@earshot/calls';
import { LIMITS, type MediaEvent } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Joined, type MediaBench, startMediaBench } from './testing/media-bench.ts';
import type { MemoryCall } from './testing/memory-calls.ts';

const RATE = LIMITS.callSampleRate;
const PATH = '/api/v1/sessions/lin_desk/calls/call_a/media';
const HEADERS = { headers: { Authorization: 'Bearer tenant-key' } };

let bench: MediaBench;
let call: MemoryCall;
let client: Joined;

beforeEach(async () => {
  bench = await startMediaBench({ limits: { mediaCredentialCheckMs: 100 } });
  call = bench.calls.add({ callId: 'call_a' });
  client = await bench.join(PATH, HEADERS);
});

afterEach(() => bench.close());

type EventOf<Kind> = Extract<MediaEvent, { type: Kind }>;
const eventsOf = <Kind extends MediaEvent['type']>(type: Kind): EventOf<Kind>[] =>
  client.events().filter((event): event is EventOf<Kind> => event.type === type);
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe('a session’s media socket', () => {
  it('says what it speaks, then in which state the call is', async () => {
    await until(() => client.texts.length === 2);
    expect(client.events()).toEqual([
      {
        type: 'ready',
        media: { direction: 'bidirectional', encoding: 'Float32LE', sampleRate: 16_000, channels: 1 },
      },
      { type: 'call_state', call: { callId: 'call_a', state: 'active' } },
    ]);
  });

  it('gives back every sample of the peer as a float, a tick in a message, whole samples only', async () => {
    const samples = computedAudio(1, 0, 3200);
    for (let at = 0; at < 3200; at += 320) call.hear(samples.subarray(at, at + 320));
    await until(() => client.binary.length === 10);
    expect(client.bytes().equals(encodeFloat32le(samples))).toBe(true);
    expect(new Set(client.binary.map(({ length }) => length))).toEqual(new Set([1280]));
  });

  it('brings the client’s floats to the peer as the samples they came from', async () => {
    const samples = computedAudio(2, 0, 4000);
    for (let at = 0; at < 4000; at += 250)
      client.socket.send(encodeFloat32le(samples.subarray(at, at + 250)));
    await until(() => call.talked().length === 4000);
    expect(findAudioDifference(call.talked(), { seed: 2, samples: 4000 })).toBeNull();
  });

  it('makes sound audio of what is no number, infinite or beyond full scale', async () => {
    client.socket.send(
      floats(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, -7, 1e38, 0.5),
    );
    await until(() => call.talked().length === 7);
    expect([...call.talked()]).toEqual([0, 0, 0, 32_767, -32_768, 32_767, 16_384]);
    client.socket.close();
    await until(() => bench.edge.clients === 0);
    expect(bench.written.join('\n')).toContain('"repairedSamples":6');
  });

  it('skips messages of unfinished samples with an error each, and closes with 1007 beyond ten', async () => {
    for (let size = 1; size <= LIMITS.maxMalformedFrames; size += 1) {
      client.socket.send(new Uint8Array(size * 4 - (size % 3) - 1));
      client.socket.send(floats(0.25));
    }
    await until(() => call.talked().length === LIMITS.maxMalformedFrames);
    expect([...call.talked()]).toEqual(new Array(LIMITS.maxMalformedFrames).fill(8192));
    await until(() => eventsOf('error').length === LIMITS.maxMalformedFrames);
    expect(eventsOf('error')[0]).toMatchObject({ code: 'invalid_pcm_frame' });
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.socket.send(new Uint8Array(3));
    expect(await client.closed).toMatchObject({ code: 1007 });
    expect(bench.observed.malformed).toBe(LIMITS.maxMalformedFrames + 1);
  });

  it('tells when to pause, how it stands meanwhile, and when to go on', async () => {
    client.socket.send(encodeFloat32le(computedAudio(3, 0, RATE / 4)));
    await until(() => call.waiting === RATE / 4);
    client.socket.send(encodeFloat32le(computedAudio(3, 0, RATE / 2)));
    await until(() => eventsOf('buffer').length === 1);
    expect(eventsOf('buffer')).toEqual([{ type: 'buffer', bufferedMs: 750, pauseMs: 500, resumeMs: 250 }]);
    const since = performance.now();
    await until(() => eventsOf('buffer').length === 4);
    expect(performance.now() - since).toBeGreaterThan(2 * LIMITS.mediaBufferReportMs);
    call.play(RATE * 0.4);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(
      eventsOf('buffer')
        .slice(4)
        .every(({ bufferedMs }) => bufferedMs === 750),
    ).toBe(true);
    const before = eventsOf('buffer').length;
    call.play(RATE * 0.1);
    await until(() => eventsOf('buffer').length > before);
    expect(eventsOf('buffer').at(-1)).toMatchObject({ bufferedMs: 250 });
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(eventsOf('buffer')).toHaveLength(before + 1);
  });

  it('loses nothing of a client that does not mind: beyond 30 s its socket is not read', async () => {
    const samples = 45 * RATE;
    for (let at = 0; at < samples; at += 3200)
      client.socket.send(encodeFloat32le(computedAudio(4, at, 3200)));
    await until(() => call.waiting > 29 * RATE);
    const timer = setInterval(() => call.play(RATE), 10);
    await until(() => call.talked().length === samples, { timeoutMs: 20_000 });
    clearInterval(timer);
    expect(findAudioDifference(call.talked(), { seed: 4, samples })).toBeNull();
    expect(call.refusals).toBe(0);
  }, 60_000);

  it('ends with the call: the rest of the audio, `ended`, and 1000', async () => {
    call.hear(computedAudio(5, 0, 500));
    call.tell({ type: 'call_state', call: { callId: 'call_a', state: 'ended' } });
    call.end();
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.bytes()).toHaveLength(2000);
    expect(client.events().slice(-2)).toEqual([
      { type: 'call_state', call: { callId: 'call_a', state: 'ended' } },
      { type: 'ended' },
    ]);
  });

  it('is taken over by a second client of either kind', async () => {
    const second = await bench.join(PATH, HEADERS);
    expect(await client.closed).toMatchObject({ code: 4409 });
    await bench.join(bench.path('call_a', 'talk'));
    expect(await second.closed).toMatchObject({ code: 4409 });
    expect(call.clients).toBe(1);
  });

  it("listens with `mode=listen`, and takes nobody's place by that", async () => {
    const listener = await bench.join(`${PATH}?mode=listen`, HEADERS);
    call.hear(computedAudio(6, 0, 320));
    await until(() => listener.bytes().length === 1280 && client.bytes().length === 1280);
    const media = { direction: 'receive', encoding: 'Float32LE', sampleRate: RATE, channels: 1 };
    expect(listener.events()[0]).toEqual({ type: 'ready', media });
    listener.socket.send(floats(0.5));
    client.socket.send(floats(0.25));
    await until(() => call.talked().length === 1 && bench.observed.ignoredBytes === 4);
    expect([...call.talked()]).toEqual([8192]);
    expect(await bench.refusal(`${PATH}?mode=shout`, HEADERS)).toMatchObject({ status: 400 });
  });

  it('closes with 1008 soon after its key was revoked or given to another line', async () => {
    bench.keys.set('tenant-key', { tenant: 'clinic', line: 'lin_other' });
    expect(await client.closed).toEqual({ code: 1008, reason: 'The credential was revoked.' });
    bench.keys.set('tenant-key', { tenant: 'clinic', line: 'lin_desk' });
    client = await bench.join(PATH, HEADERS);
    bench.keys.delete('tenant-key');
    expect(await client.closed).toMatchObject({ code: 1008 });
  });
});
