import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type CuttingProxy, startCuttingProxy } from '../testing/cutting-proxy.ts';
import {
  type ResumableServer,
  type ResumableServerOptions,
  startResumableServer,
} from '../testing/resumable-server.ts';
import { type AudioStream, openAudioStream, type StreamOptions } from './audio-stream.ts';
import type { AudioStreamEvent } from './engine/settings.ts';
import { StreamClosedError } from './stream-end.ts';

const SEED = 3;
const SECOND = 16_000;
const retry = { baseDelayMs: 2, maxDelayMs: 20 };

let server: ResumableServer;
let proxy: CuttingProxy | undefined;
let events: AudioStreamEvent[];
let stream: AudioStream | undefined;
afterEach(async () => {
  stream?.close();
  await proxy?.close();
  proxy = undefined;
  await server.close();
});

async function open(options: StreamOptions = {}, fake: ResumableServerOptions = {}) {
  server = await startResumableServer(fake);
  const seen: AudioStreamEvent[] = [];
  events = seen;
  const onEvent = (event: AudioStreamEvent) => seen.push(event);
  stream = await openAudioStream(server.socketUrl, { retry, onEvent, ...options });
  return stream;
}

const named = <Name extends AudioStreamEvent['event']>(name: Name) =>
  events.filter((event): event is Extract<AudioStreamEvent, { event: Name }> => event.event === name);
const difference = (samples: number) => findAudioDifference(server.audio(), { seed: SEED, samples });

describe('a stream with acks', () => {
  it('tells what the server tells, how far each sample is, and stops when all is durable', async () => {
    const stream = await open();
    expect(stream.acknowledged).toBe(true);
    await stream.send(computedAudio(SEED, 0, SECOND));
    await until(() => stream.progress.durable === SECOND);
    server.tell({ event: 'ack', epoch: 1, track: 'main', received: SECOND, durable: SECOND, archived: 800 });
    server.tell({ event: 'warning', type: 'clipping', message: 'Too loud.' });
    await until(() => named('warning').length === 1);
    const all = { accepted: SECOND, sent: SECOND, received: SECOND, durable: SECOND, archived: 800 };
    expect(stream.progress).toEqual(all);
    expect(await stream.stop()).toEqual({ code: 1000, reason: 'planned' });
    expect(difference(SECOND)).toBeNull();
    expect(events[0]).toMatchObject({ event: 'ready', next_sample: 0 });
    expect(events.at(-1)).toMatchObject({ event: 'closed', end: { code: 1000 } });
  });

  it('declares another rate on every connection', async () => {
    const stream = await open({ sampleRate: 8000 });
    await stream.send(computedAudio(SEED, 0, 8000));
    await until(() => stream.progress.durable === 8000);
    server.crash();
    await stream.send(computedAudio(SEED, 8000, 8000));
    await stream.stop();
    expect(difference(16_000)).toBeNull();
  });

  it('keeps half a sample for its other half, and leaves a last one out', async () => {
    const stream = await open();
    const bytes = new Uint8Array(computedAudio(SEED, 0, 100).buffer);
    await stream.send(bytes.subarray(0, 7));
    await stream.send(bytes.subarray(7));
    await stream.send(Uint8Array.of(1));
    await stream.stop();
    expect(difference(100)).toBeNull();
  });

  it('makes its sender wait while nothing becomes durable, and goes on then', async () => {
    let hold = true;
    const stream = await open({ bufferBytes: 64_000 }, { holdAcks: () => hold });
    let taken = false;
    const sending = stream.send(computedAudio(SEED, 0, 5 * SECOND)).then(() => {
      taken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(taken).toBe(false);
    expect(stream.progress.accepted * 2).toBeLessThanOrEqual(64_000);
    hold = false;
    server.crash();
    await sending;
    await stream.stop();
    expect(difference(5 * SECOND)).toBeNull();
  });

  it('has no more on its way than the server grants', async () => {
    const stream = await open({}, { creditBytes: 20_000, commitMs: 5 });
    await stream.send(computedAudio(SEED, 0, 4 * SECOND));
    await stream.stop();
    expect(difference(4 * SECOND)).toBeNull();
    expect(server.mostUnsafeBytes).toBeLessThanOrEqual(20_000);
  });
});

describe('a stream whose connection drops', () => {
  it('sends again what a killed server had in memory only', async () => {
    const stream = await open({}, { commitMs: 60_000 });
    await stream.send(computedAudio(SEED, 0, SECOND));
    await until(() => server.audio().length === SECOND);
    server.crash();
    await until(() => named('resumed').length === 1);
    expect(named('resumed')[0]).toMatchObject({
      transport: 'websocket',
      fromSample: 0,
      resentSamples: SECOND,
    });
    expect(server.seen.at(-1)).toMatch(/^UPGRADE .*[?]from_sample=0$/);
    await until(() => server.audio().length === SECOND);
    expect(difference(SECOND)).toBeNull();
    stream.close();
  });

  it('waits as long as the closing server asks it to', async () => {
    const stream = await open();
    await stream.send(computedAudio(SEED, 0, SECOND));
    await until(() => stream.progress.durable === SECOND);
    server.closeSocket(1012, 150);
    await until(() => named('resumed').length === 1);
    expect(named('reconnecting')[0]?.delayMs).toBeGreaterThanOrEqual(150);
    await stream.stop();
    expect(difference(SECOND)).toBeNull();
  });

  it('sends nothing more to a server that says it will close', async () => {
    const stream = await open();
    await stream.send(computedAudio(SEED, 0, 100));
    await until(() => stream.progress.durable === 100);
    server.tell({ event: 'closing', code: 1012, reason: 'restart', retry_after_ms: 10 });
    server.tell({ event: 'warning', type: 'gap', message: 'Told after it.' });
    await until(() => named('warning').length === 1);
    await stream.send(computedAudio(SEED, 100, SECOND));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.audio().length).toBe(100);
    server.closeSocket(1012);
    await stream.stop();
    expect(difference(100 + SECOND)).toBeNull();
  });

  it('waits as long as Retry-After says when it is refused', async () => {
    const refuse = (upgrade: number) => (upgrade === 0 ? { status: 503 } : undefined);
    const stream = await open({ fetch: () => Promise.resolve(busy()) }, { refuse });
    expect(named('reconnecting')[0]?.delayMs).toBeGreaterThanOrEqual(1000);
    stream.close();
  });

  it('says what is lost when the server has lost what was durable', async () => {
    const stream = await open({}, { ignoreFrom: true });
    await stream.send(computedAudio(SEED, 0, SECOND));
    await until(() => stream.progress.durable === SECOND);
    server.crash(2 * 1000);
    await until(() => named('warning').length === 1);
    expect(named('warning')[0]).toMatchObject({
      type: 'resume_gap',
      details: { first_sample: 1000, samples: SECOND - 1000 },
    });
    stream.close();
  });

  it('notices a connection that is only half alive', async () => {
    server = await startResumableServer();
    proxy = await startCuttingProxy(server.port, (connection) =>
      connection === 0 ? { upBytes: 20_000, swallow: true } : undefined,
    );
    const url = server.socketUrl.replace(`:${server.port}/`, `:${proxy.port}/`);
    const stream = await openAudioStream(url, { retry, stallMs: 100 });
    await stream.send(computedAudio(SEED, 0, SECOND));
    await stream.stop();
    expect(proxy.cuts).toBe(1);
    expect(difference(SECOND)).toBeNull();
  });

  it.each([4409, 1008, 1000, 1003])('does not come back after close code %d', async (code) => {
    const stream = await open();
    await stream.send(computedAudio(SEED, 0, 100));
    await until(() => stream.progress.durable === 100);
    server.closeSocket(code);
    expect(await stream.closed).toEqual({ code, reason: 'planned' });
    const failure = await stream.send(Int16Array.of(1)).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(StreamClosedError);
    expect(failure).toMatchObject({ code, progress: { durable: 100 } });
    expect(named('reconnecting')).toEqual([]);
  });

  it('gives up in time and says how much is safe', async () => {
    const stream = await open({ resumeForMs: 200 });
    await stream.send(computedAudio(SEED, 0, 500));
    await until(() => stream.progress.durable === 500);
    await server.close();
    await stream.send(computedAudio(SEED, 500, 500)).catch(() => undefined);
    await expect(stream.stop()).rejects.toMatchObject({
      code: 1006,
      message: expect.stringContaining('500 of 1000 samples are durable'),
    });
  });

  it('does not take another sender`s audio for its own', async () => {
    const stream = await open();
    await stream.send(computedAudio(SEED, 0, 100));
    await until(() => stream.progress.durable === 100);
    server.feed(computedAudio(9, 0, 400));
    server.closeSocket(1012);
    expect(await stream.closed).toMatchObject({ code: 4409 });
  });
});

describe('a stream where WebSockets do not get through', () => {
  const refuse = () => ({ status: 400 });

  it('falls back to requests, and appends the same audio', async () => {
    const stream = await open({}, { refuse });
    expect(stream.acknowledged).toBe(true);
    await stream.send(computedAudio(SEED, 0, 20 * SECOND));
    expect(await stream.stop()).toMatchObject({ code: 1000 });
    expect(difference(20 * SECOND)).toBeNull();
    expect(server.seen.filter((line) => line.startsWith('UPGRADE'))).toHaveLength(3);
  });

  it('goes on over requests after a drop, and back to a WebSocket', async () => {
    let upgrades = 0;
    let busyAppend = false;
    const isBlocked = () => (upgrades++ > 0 && upgrades < 5 ? { status: 400 } : undefined);
    const refuseAppend = () => (busyAppend ? 503 : undefined);
    const stream = await open({}, { refuse: isBlocked, refuseAppend });
    await stream.send(computedAudio(SEED, 0, 3 * SECOND));
    server.crash();
    await stream.send(computedAudio(SEED, 3 * SECOND, 3 * SECOND));
    await until(() => stream.progress.durable === 6 * SECOND);
    expect(named('resumed').at(-1)?.transport).toBe('http');
    busyAppend = true;
    await stream.send(computedAudio(SEED, 6 * SECOND, SECOND));
    await until(() => named('resumed').at(-1)?.transport === 'websocket');
    await stream.stop();
    expect(difference(7 * SECOND)).toBeNull();
  });

  it('sends a live source about once a second', async () => {
    const stream = await open({ transport: 'http' });
    for (let at = 0; at < 10; at += 1) {
      await stream.send(computedAudio(SEED, at * 800, 800));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await stream.stop();
    expect(difference(8000)).toBeNull();
    expect(server.seen.filter((line) => line.startsWith('PATCH')).length).toBeLessThanOrEqual(3);
  });

  it('takes a stream that was completed before the drop for done', async () => {
    const stream = await open({ transport: 'http' });
    await stream.send(computedAudio(SEED, 0, 800));
    await until(() => stream.progress.durable === 800);
    server.complete();
    server.crash();
    expect(await stream.stop()).toMatchObject({ code: 1000 });
  });
});

function busy(): Response {
  return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
}
