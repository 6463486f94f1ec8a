import { encodePcm16le } from '@earshot/audio';
import {
  LIMITS,
  type SegmentEntry,
  type SessionRef,
  STREAM_PROTOCOL,
  type StreamEvent,
} from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EdgeLimits } from '../../edge-context.ts';
import { EVENTS, type EventClient, speaking } from '../../testing/client.ts';
import { type EdgeBench, startEdge } from '../../testing/edge-bench.ts';
import { createMemoryHost, type MemoryHost } from '../../testing/memory-host.ts';
import { createMemorySessions, type MemorySessions } from '../../testing/memory-sessions.ts';
import type { MemoryStream } from '../../testing/memory-stream.ts';

const STREAM = 'str_00000000000000000000000001';
const RATE = 16_000;

let host: MemoryHost;
let sessions: MemorySessions;
let ref: SessionRef;
let stream: MemoryStream;
let bench: EdgeBench;

async function start(limits: Partial<EdgeLimits> = {}): Promise<void> {
  bench = await startEdge({ sessions: sessions.sessions, host, limits });
}

beforeEach(() => {
  host = createMemoryHost();
  sessions = createMemorySessions();
  ref = sessions.add(STREAM, 'ses_0000000000000001');
  stream = host.stream(ref);
});

afterEach(async () => {
  host.commit.release();
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
});

const open = async (query = ''): Promise<EventClient> =>
  speaking(await bench.connect(STREAM, { ...EVENTS, query }));
const pcm = (from: number, samples: number): Uint8Array => encodePcm16le(computedAudio(1, from, samples));
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const acksOf = (client: EventClient) =>
  client.events().filter((event): event is Extract<StreamEvent, { event: 'ack' }> => event.event === 'ack');
const names = (client: EventClient): string[] => client.events().map(({ event }) => event);

describe('a client that speaks earshot.v1', () => {
  it('is confirmed its protocol before that of any platform, and told where to begin', async () => {
    await start();
    const client = speaking(
      await bench.connect(STREAM, { protocols: ['audio.jambonz.org', 'x', STREAM_PROTOCOL] }),
    );
    expect(client.socket.protocol).toBe('earshot.v1');
    expect(await client.event('ready')).toEqual({
      event: 'ready',
      session_id: 'ses_0000000000000001',
      epoch: 1,
      next_sample: 0,
      tracks: [],
      limits: { max_message_bytes: LIMITS.maxMessageBytes, max_stream_bytes: LIMITS.maxStreamBytes },
      credit_bytes: LIMITS.streamCreditBytes,
    });
    client.socket.close();
  });

  it('hears the last ack before the goodbye of its stop', async () => {
    await start();
    const client = await open();
    await client.event('ready');
    for (let at = 0; at < 5 * RATE; at += 1600) await client.send(pcm(at, 1600));
    await client.send('{"event":"stop"}');
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    const events = client.events();
    expect(events[0]?.event).toBe('ready');
    expect(events.slice(-2)).toEqual([
      { event: 'ack', epoch: 1, track: 'main', received: 5 * RATE, durable: 5 * RATE, archived: 0 },
      { event: 'closing', code: 1000, reason: '' },
    ]);
  });

  it('is acknowledged nothing that is not durable', async () => {
    await start();
    const client = await open();
    await client.event('ready');
    host.commit.hold();
    await client.send(pcm(0, RATE));
    await until(() => stream.samples().length === RATE);
    await pause(150);
    expect(acksOf(client)).toEqual([]);
    host.commit.release();
    expect(await client.event('ack')).toMatchObject({ received: RATE, durable: RATE });
    client.socket.close();
  });

  it('is acknowledged no more often than the interval says, and to the last sample', async () => {
    await start({ streamAckIntervalMs: 100 });
    const client = await open();
    await client.event('ready');
    const began = performance.now();
    for (let at = 0; at < 100 * 160; at += 160) {
      await client.send(pcm(at, 160));
      await pause(4);
    }
    await until(() => acksOf(client).at(-1)?.durable === 16_000);
    const most = Math.ceil((performance.now() - began) / 100) + 1;
    expect(acksOf(client).length).toBeLessThanOrEqual(most);
    expect(acksOf(client).length).toBeGreaterThan(2);
    const acked = acksOf(client).length;
    await pause(250);
    expect(acksOf(client)).toHaveLength(acked);
    client.socket.close();
  });

  it('does not wait for the interval when it has used up a quarter of its credit', async () => {
    await start({ streamAckIntervalMs: 60_000, streamCreditBytes: 64_000 });
    const client = await open();
    await client.event('ready');
    for (const at of [0, RATE, 2 * RATE]) {
      await client.send(pcm(at, RATE));
      await until(() => acksOf(client).at(-1)?.durable === at + RATE);
    }
    client.socket.close();
  });

  it('hears of archived positions, stored segments and warnings', async () => {
    await start();
    const client = await open();
    await client.event('ready');
    await client.send(pcm(0, RATE));
    await until(() => stream.standing()[0]?.durable === RATE);
    const line = stream.tracks.get('main')!;
    line.archived = RATE;
    const entry: SegmentEntry = {
      track: 'main',
      index: 0,
      key: 'clinic/somewhere',
      sampleRate: RATE,
      firstSample: 0,
      samples: RATE,
      sha256: 'ab'.repeat(32),
      cut: 'pause',
      speechRatio: 0.5,
      levelDb: -20,
      speech: true,
    };
    stream.connection!.listener!.segment(entry);
    stream.connection!.listener!.progress();
    stream.connection!.warn({ type: 'clipping', message: 'Too loud.', details: { share: 0.1 } });
    expect(await client.event('warning')).toEqual({
      event: 'warning',
      type: 'clipping',
      message: 'Too loud.',
      details: { share: 0.1 },
    });
    const segment = await client.event('segment');
    expect(segment).toMatchObject({ index: 0, first_sample: 0, samples: RATE, cut: 'pause', speech: true });
    expect(JSON.stringify(segment)).not.toContain('somewhere');
    await until(() => acksOf(client).at(-1)?.archived === RATE);
    client.socket.close();
  });

  it('reads its own byte order without a guess, so that the first quiet samples count at once', async () => {
    await start();
    const client = await open();
    await client.event('ready');
    await client.send(new Uint8Array(320));
    expect(await client.event('ack')).toMatchObject({ durable: 160 });
    client.socket.close();
  });
});

describe('resuming with earshot.v1', () => {
  it('goes on at the first sample that is still needed, however the connection was lost', async () => {
    await start();
    let sent = 0;
    for (let round = 0; round < 4; round += 1) {
      const client = await open();
      const { next_sample: next, epoch } = await client.event('ready');
      expect(epoch).toBe(round + 1);
      expect(next).toBeLessThanOrEqual(sent);
      for (sent = next; sent < next + RATE; sent += 1600) await client.send(pcm(sent, 1600));
      if (round % 2 === 0) client.socket.terminate();
      else client.socket.close();
      await until(() => stream.ends.length === round + 1);
    }
    const last = await open();
    const { next_sample: next, tracks } = await last.event('ready');
    expect(tracks).toEqual([{ track: 'main', sample_rate: RATE, next_sample: next }]);
    await last.send(pcm(next, 5 * RATE - next));
    await last.send('{"event":"stop"}');
    await last.closed;
    expect(findAudioDifference(stream.samples(), { seed: 1, samples: 5 * RATE })).toBeNull();
  });

  it('is not told to go on before what an earlier connection sent is durable', async () => {
    await start();
    const first = await open();
    await first.event('ready');
    host.commit.hold();
    await first.send(pcm(0, RATE));
    await until(() => stream.samples().length === RATE);
    const second = await open();
    await pause(100);
    expect(second.events()).toEqual([]);
    host.commit.release();
    expect(await second.event('ready')).toMatchObject({ next_sample: RATE, epoch: 2 });
    second.socket.close();
  });

  it('begins at what its client still has', async () => {
    await start();
    const client = await open('?from_sample=48000');
    expect(host.opened).toEqual([{ transport: 'websocket', from: 48_000 }]);
    expect(await client.event('ready')).toMatchObject({ next_sample: 48_000 });
    client.socket.close();
  });

  it('refuses audio of a stream that goes on before its client can know where', async () => {
    await start();
    const first = await open();
    await first.event('ready');
    await first.send(pcm(0, RATE));
    await first.event('ack');
    first.socket.close();
    await first.closed;
    host.commit.hold();
    const second = await open();
    await second.send(pcm(RATE, RATE));
    await until(() => stream.ends.length === 2);
    host.commit.release();
    expect((await second.closed).code).toBe(1002);
    expect(await second.event('error')).toMatchObject({ error: { code: 'protocol_violation' } });
    expect(stream.samples().length).toBe(RATE);
  });

  it('tells an older connection that it is superseded, and takes nothing of it any more', async () => {
    await start();
    const first = await open();
    await first.event('ready');
    const second = await open();
    await second.event('ready');
    await first.send(pcm(0, RATE));
    expect(await first.closed).toMatchObject({ code: 4409 });
    expect(await first.event('error')).toMatchObject({ error: { code: 'stream_superseded' } });
    const closing = await first.event('closing');
    expect(closing).toMatchObject({ code: 4409 });
    expect(closing).not.toHaveProperty('retry_after_ms');
    expect(stream.samples().length).toBe(0);
    second.socket.close();
  });
});

describe('goodbyes with earshot.v1', () => {
  it.each([
    ['shutdown', 1012, undefined],
    ['failed', 1012, undefined],
    ['no_room', 1013, 'insufficient_storage'],
    ['end', 1000, undefined],
    ['erased', 1008, 'session_not_found'],
  ] as const)('after %s come before close code %d', async (reason, code, error) => {
    await start({ streamDrainMs: 50 });
    const client = await open();
    await client.event('ready');
    host.halt(ref, reason);
    expect((await client.closed).code).toBe(code);
    const closing = await client.event('closing');
    expect(closing.code).toBe(code);
    expect(closing.retry_after_ms !== undefined).toBe(code === 1012 || code === 1013);
    const expected = error === undefined ? ['ready', 'closing'] : ['ready', 'error', 'closing'];
    expect(names(client)).toEqual(expected);
    if (error !== undefined) expect(await client.event('error')).toMatchObject({ error: { code: error } });
  });

  it('let what is on its way in, and its ack out, before the close frame', async () => {
    await start({ streamDrainMs: 100 });
    const client = await open();
    await client.event('ready');
    for (let at = 0; at < 8 * RATE; at += RATE) client.socket.send(pcm(at, RATE));
    host.halt(ref, 'shutdown');
    expect((await client.closed).code).toBe(1012);
    expect(names(client).filter((name) => name === 'closing')).toHaveLength(1);
    expect(acksOf(client).at(-1)).toMatchObject({ durable: 8 * RATE });
    expect(findAudioDifference(stream.samples(), { seed: 1, samples: 8 * RATE })).toBeNull();
  });

  it('name the refusal of a message', async () => {
    await start();
    const client = await open();
    await client.event('ready');
    await client.send('no json');
    expect((await client.closed).code).toBe(1007);
    expect(await client.event('error')).toMatchObject({ error: { code: 'malformed_frame' } });
  });

  it('say that a stop could not be kept', async () => {
    await start({ streamFlushMs: 50 });
    const client = await open();
    await client.event('ready');
    host.commit.hold();
    await client.send(pcm(0, RATE));
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1013);
    expect(names(client)).toEqual(['ready', 'error', 'closing']);
    expect((await client.event('closing')).retry_after_ms).toBeGreaterThan(0);
  });
});

describe('a client of earshot.v1 that does not keep to its part', () => {
  it('is held back, not closed, when it sends more than its credit', async () => {
    await start({ streamCreditBytes: 64_000, streamIdleMs: 300, pingIntervalMs: 100 });
    const client = await open();
    expect(await client.event('ready')).toMatchObject({ credit_bytes: 64_000 });
    host.commit.hold();
    const second = pcm(0, RATE);
    for (let i = 0; i < 200; i += 1) client.socket.send(second);
    await pause(600);
    const taken = stream.samples().length;
    expect(taken).toBeGreaterThanOrEqual(2 * RATE);
    expect(taken).toBeLessThan(60 * RATE);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    host.commit.release();
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1000);
    expect(stream.samples().length).toBe(200 * RATE);
    const last = stream.samples().subarray(199 * RATE);
    expect(findAudioDifference(last, { seed: 1, samples: RATE })).toBeNull();
  });

  it('is closed when it does not read what it is told', async () => {
    await start({ maxSocketBufferedBytes: 10_000, closeHandshakeMs: 200 });
    const client = await open();
    await client.event('ready');
    client.socket.pause();
    const { listener } = stream.connection!;
    const message = 'x'.repeat(100_000);
    for (let i = 0; i < 200; i += 1) listener!.warning({ type: 'test', message });
    await until(() => stream.ends.length === 1);
    expect(stream.ends).toMatchObject([{ closedBy: 'error' }]);
    await until(() => bench.edge.liveCount() === 0);
    client.socket.terminate();
  });
});
