import { EarshotError } from '@earshot/protocol';
import { until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { StreamIntroduction } from '../stream-claimer.ts';
import { createCallRecorder } from '../testing/call-recorder.ts';
import { type Platform, plain, SECRET, type StreamBench, startBench } from './testing/stream-bench.ts';

let open: StreamBench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function bench(...parameters: Parameters<typeof startBench>): Promise<StreamBench> {
  open = await startBench(...parameters);
  return open;
}

const soon = { timeoutMs: 4000 };

/** A Vobiz stream of a call; each attempt to stream has an id of its own. */
const vobiz = (callId: string, streamId: string): string =>
  JSON.stringify({
    event: 'start',
    start: {
      callId,
      streamId,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 },
    },
  });
const speech = (chunk: number): string =>
  JSON.stringify({
    event: 'media',
    media: { track: 'inbound', chunk, payload: Buffer.alloc(160, 0x20).toString('base64') },
  });
const vonage = JSON.stringify({ event: 'websocket:connected', 'content-type': 'audio/l16;rate=16000' });
const twilio = (customParameters: object = {}): string =>
  JSON.stringify({ event: 'start', start: { streamSid: 'MZ', callSid: 'CA', customParameters } });

async function carried(streams: StreamBench, opening: string): Promise<Platform> {
  const before = streams.taken.length;
  const platform = await streams.dial();
  platform.say(opening);
  await until(() => (streams.taken[before]?.handle.links.length ?? 0) > 0, soon);
  return platform;
}

const toldOf = (streams: StreamBench, index = 0): readonly string[] =>
  streams.taken[index]?.handle.told ?? [];

describe('the end of a stream', () => {
  it('is the end of the call when the platform stops or closes', async () => {
    const streams = await bench();
    const closing = await carried(streams, vobiz('call', 'one'));
    closing.socket.close(1001);
    const stopping = await carried(streams, twilio());
    stopping.say('{"event":"stop"}');
    expect((await stopping.closed).code).toBe(1000);
    await until(() => toldOf(streams).includes('ended peer_hangup'), soon);
    expect(toldOf(streams, 1)).toContain('ended peer_hangup');
    expect(toldOf(streams).filter((one) => one.startsWith('ended'))).toHaveLength(1);
  });

  it('leaves the call standing when the connection breaks, and a stream of the same call goes on with it', async () => {
    const streams = await bench();
    const first = await carried(streams, vobiz('call', 'one'));
    first.socket.terminate();
    await until(() => toldOf(streams).includes('unlinked'), soon);
    const second = await streams.dial();
    second.say(vobiz('call', 'two'), speech(1));
    await until(() => streams.taken[0]?.handle.links.length === 2, soon);
    await until(() => (streams.taken[0]?.handle.samplesHeard ?? 0) > 0, soon);
    expect(streams.taken).toHaveLength(1);
    // The way back is that of the new stream.
    streams.taken[0]?.handle.links[1]?.clear();
    await until(() => second.messages.length > 0, soon);
    expect(second.messages).toEqual(['{"event":"clearAudio","streamId":"two"}']);
    second.socket.close();
    await until(() => toldOf(streams).includes('ended peer_hangup'), soon);
    expect(toldOf(streams)).toEqual([
      ...['named call', 'connected', 'unlinked', 'named call', 'connected', 'ended peer_hangup'],
    ]);
  });

  it('is the end of the call when no further stream comes in time', async () => {
    const streams = await bench({ limits: { callPeerGoneMs: 300 } });
    (await carried(streams, vobiz('call', 'one'))).socket.terminate();
    await until(() => toldOf(streams).includes('ended peer_gone'), soon);
    await carried(streams, vobiz('call', 'two'));
    expect(streams.taken).toHaveLength(2);
  });

  it('is the end of a call at once that no other stream could name', async () => {
    const streams = await bench();
    (await carried(streams, vonage)).socket.terminate();
    await until(() => toldOf(streams).includes('ended peer_gone'), soon);
    expect(toldOf(streams)).not.toContain('unlinked');
  });

  it('is told before its successor has to be believed: a newer stream takes the call over', async () => {
    const streams = await bench();
    const old = await carried(streams, vobiz('call', 'one'));
    const newer = await streams.dial();
    newer.say(vobiz('call', 'two'));
    expect((await old.closed).code).toBe(4409);
    await until(() => streams.taken[0]?.handle.links.length === 2, soon);
    expect(streams.taken).toHaveLength(1);
    expect(toldOf(streams).filter((one) => /unlinked|ended/.test(one))).toEqual([]);
  });

  it('comes with the end of the call, from here', async () => {
    const streams = await bench();
    const platform = await carried(streams, vonage);
    streams.taken[0]?.call.reject();
    expect((await platform.closed).code).toBe(1000);
  });

  it('frees the name of the call', async () => {
    const streams = await bench();
    const platform = await carried(streams, vobiz('call', 'one'));
    streams.taken[0]?.handle.links[0]?.hangup();
    await platform.closed;
    await carried(streams, vobiz('call', 'two'));
    expect(streams.taken).toHaveLength(2);
  });
});

describe('a call that comes in', () => {
  it('is one call when two streams of it come at once', async () => {
    const streams = await bench();
    const two = await Promise.all([streams.dial(), streams.dial()]);
    for (const [at, platform] of two.entries()) platform.say(vobiz('call', String(at)));
    await until(() => streams.taken[0]?.handle.links.length === 2, soon);
    expect(streams.taken).toHaveLength(1);
  });

  it('is not read from until it is taken, and loses nothing meanwhile', async () => {
    let admit: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const streams = await bench({ take: (_call, handle) => gate.then(() => handle) });
    const platform = await streams.dial();
    platform.say(vobiz('call', 'one'));
    for (let chunk = 1; chunk <= 50; chunk += 1) platform.say(speech(chunk));
    await until(() => streams.taken.length === 1, soon);
    admit();
    platform.socket.close();
    await until(() => toldOf(streams).includes('ended peer_hangup'), soon);
    expect(streams.taken[0]?.handle.samplesHeard).toBe(50 * 320);
  });

  it('closes the socket when no more calls fit', async () => {
    const streams = await bench({ take: () => Promise.reject(new EarshotError('service_unavailable')) });
    const platform = await streams.dial();
    platform.say(vobiz('call', 'one'));
    expect((await platform.closed).code).toBe(1013);
    const again = await streams.dial();
    again.say(vobiz('call', 'two'));
    expect((await again.closed).code).toBe(1013);
    expect(streams.taken).toHaveLength(2);
  });

  it('is over when the platform leaves before it was taken', async () => {
    let admit: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const streams = await bench({ take: (_call, handle) => gate.then(() => handle) });
    const platform = await streams.dial();
    platform.say(vonage);
    await until(() => streams.taken.length === 1, soon);
    await streams.streams.close(500);
    expect((await platform.closed).code).toBe(1012);
    admit();
    await until(() => toldOf(streams).includes('ended shutdown'), soon);
    expect(toldOf(streams)).not.toContain('connected');
  });

  it('hears nothing of us where its carrier only listens', async () => {
    const streams = await bench({ settings: { plain: { ...plain, listenOnly: true } } });
    expect(streams.streams.carriers.get('plain')?.capabilities.talk).toBe(false);
    const platform = await carried(streams, twilio());
    const [link] = streams.taken[0]?.handle.links ?? [];
    link?.send(new Int16Array(320).fill(9));
    link?.clear();
    platform.say('{"event":"stop"}');
    await platform.closed;
    expect(platform.messages).toEqual([]);
    expect(toldOf(streams)).not.toContain('warning listen_only');
  });
});

describe('a stream of a call that was placed from here', () => {
  it('is given to that call, by the carrier of the line alone', async () => {
    const handle = createCallRecorder('call_placed');
    const asked: StreamIntroduction[] = [];
    const claimStream = (stream: StreamIntroduction) => {
      asked.push(stream);
      return { kind: 'attach', handle } as const;
    };
    const streams = await bench({
      claimers: new Map([
        ['plain', { claimStream }],
        ['other', { claimStream: () => ({ kind: 'refuse' }) as const }],
      ]),
    });
    const platform = await streams.dial();
    platform.say(twilio({ earshotCallId: 'call_placed' }));
    await until(() => handle.links.length === 1, soon);
    expect(streams.taken).toEqual([]);
    const parameters = { earshotCallId: 'call_placed' };
    expect(asked).toEqual([{ lineId: 'lin_plain', externalCallId: 'CA', parameters }]);
  });

  it('is closed when that call is over', async () => {
    const claimer = { claimStream: () => ({ kind: 'refuse' }) as const };
    const streams = await bench({ claimers: new Map([['plain', claimer]]) });
    const platform = await streams.dial();
    platform.say(twilio());
    expect((await platform.closed).code).toBe(1008);
    expect(streams.taken).toEqual([]);
  });
});

describe('a platform that breaks the rules', () => {
  it.each([
    ['says nothing that is known', ['{"event":"hello"}'], 1002],
    ['sends what is no JSON', ['nonsense'], 1007],
    ['sends a codec that is not spoken', [JSON.stringify({ 'content-type': 'audio/opus' })], 1003],
  ])('is closed when it %s', async (_, messages, code) => {
    const streams = await bench();
    const platform = await streams.dial();
    platform.say(...messages);
    expect((await platform.closed).code).toBe(code);
    expect(streams.taken).toEqual([]);
  });

  it('ends its call as failed', async () => {
    const streams = await bench();
    const platform = await carried(streams, vobiz('call', 'one'));
    platform.say(Uint8Array.of(1, 2, 3, 4));
    expect((await platform.closed).code).toBe(1002);
    expect(toldOf(streams).slice(-2)).toEqual(['warning protocol_violation', 'ended failed']);
  });

  it('is cut off when its messages are too large', async () => {
    const streams = await bench();
    const platform = await carried(streams, vonage);
    platform.say(new Uint8Array(1_048_577));
    expect((await platform.closed).code).toBe(1009);
    await until(() => toldOf(streams).includes('ended failed'), soon);
  });

  it('is closed when it floods us with pings', async () => {
    const streams = await bench();
    const platform = await carried(streams, vonage);
    for (let ping = 0; ping < 300; ping += 1) platform.socket.ping();
    expect((await platform.closed).code).toBe(1008);
    expect(toldOf(streams)).toContain('ended failed');
  });

  it('is closed when it does not say what it is', async () => {
    const streams = await bench({ limits: { callOpeningMs: 200 } });
    const platform = await streams.dial();
    platform.say('{"event":"connected"}');
    expect((await platform.closed).code).toBe(1002);
  });

  it('is closed when it falls silent', async () => {
    const streams = await bench({ limits: { callPeerGoneMs: 300 } });
    const platform = await carried(streams, vonage);
    expect((await platform.closed).code).toBe(1001);
    expect(toldOf(streams)).toContain('ended peer_gone');
  });

  it('is given up when it answers no ping', async () => {
    const streams = await bench({ limits: { pingIntervalMs: 100 } });
    const platform = await carried(streams, vobiz('call', 'one'));
    let pings = 0;
    platform.socket.on('ping', () => {
      pings += 1;
    });
    await until(() => pings > 2, soon);
    expect(toldOf(streams)).not.toContain('unlinked');
    platform.socket.pause();
    await until(() => toldOf(streams).includes('unlinked'), soon);
  });
});

describe('shutting down', () => {
  it('ends every call and takes no more', async () => {
    const streams = await bench();
    const platform = await carried(streams, vobiz('call', 'one'));
    await streams.streams.close(1000);
    expect((await platform.closed).code).toBe(1012);
    expect(toldOf(streams)).toContain('ended shutdown');
    expect(streams.streams.count).toBe(0);
    const refusal = await streams.refused(`/carriers/media-streams/lin_plain/${SECRET}`);
    expect(refusal.status).toBe(503);
  });

  it('of one carrier leaves the streams of others', async () => {
    const streams = await bench({ settings: { plain, other: plain } });
    const own = await carried(streams, vonage);
    const other = await streams.dial({ path: `/carriers/media-streams/lin_other/${SECRET}` });
    await streams.streams.carriers.get('plain')?.close();
    expect((await own.closed).code).toBe(1012);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });
});
