import { encodeWav } from '@earshot/audio';
import type { SessionRef, Transcript } from '@earshot/protocol';
import { createQueueProducer, planSegments, type QueueProducer } from '@earshot/queue';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import {
  computedAudio,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { CRASH, createScriptedEngine, type Script } from '@earshot/transcription/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createWorkerApp, type WorkerApp } from './app.ts';
import { readWorkerConfig } from './config.ts';
import { EndedSessions } from './testing/ended-session.ts';

const RATE = 16_000;
let redis: TestRedis;
let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let connection: Redis;
let producer: QueueProducer;
const apps: WorkerApp[] = [];

const sound = (seed: number, seconds: number): Int16Array => computedAudio(seed, 0, seconds * RATE);
const word: Script = (call) => `word${call.call}`;

async function startWorker(script: Script, settings: Record<string, string> = {}) {
  const engine = createScriptedEngine({ script });
  const app = await createWorkerApp(
    readWorkerConfig({
      REDIS_URL: redis.url,
      EARSHOT_OBJECT_STORE: `file:${folder.path}`,
      EARSHOT_RECONCILE_SECONDS: '1',
      EARSHOT_CONCURRENCY: '2',
      LOG_LEVEL: 'silent',
      ...settings,
    }),
    { engines: { lite: engine, pro: engine } },
  );
  apps.push(app);
  return { engine, ...(await app.start()) };
}

async function queueFlow(ref: SessionRef): Promise<void> {
  const [document, manifest] = await Promise.all([
    sessions.archive.readSession(ref),
    sessions.archive.readManifest(ref),
  ]);
  await producer.transcribeFlow(ref, planSegments(document!, manifest!.segments));
}

const finished = (ref: SessionRef, timeoutMs = 20_000): Promise<Transcript> =>
  until(
    async () => {
      const pending: string[] = [];
      for await (const marker of sessions.archive.listPending()) pending.push(marker.sessionId);
      return pending.includes(ref.sessionId) ? null : sessions.archive.readTranscript(ref);
    },
    { timeoutMs, intervalMs: 50 },
  );

beforeEach(async () => {
  redis = await startRedis();
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  connection = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  producer = createQueueProducer({ connection });
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await producer.close();
  connection.disconnect();
  await store.close();
  await folder.remove();
  await redis.stop();
});

describe('a live session that ended', () => {
  it('gets one transcript of all its segments on the session clock', async () => {
    const ref = await sessions.live(sound(1, 60), RATE);
    await startWorker((call) => `heard ${call.seconds}`);
    await queueFlow(ref);
    const transcript = await finished(ref);
    const manifest = await sessions.archive.readManifest(ref);
    expect(transcript.status).toBe('completed');
    expect(transcript.segmentsTotal).toBe(manifest?.segments.length);
    expect(transcript.utterances.map((utterance) => utterance.startMs)).toEqual(
      manifest?.segments.map((segment) => Math.round(segment.firstSample / 16)),
    );
    expect(await producer.hasWork(ref)).toBe(true);
  });

  it('is partial with a reason when one segment crashes the engine each time', async () => {
    const ref = await sessions.live(sound(2, 60), RATE);
    let poisoned: string | undefined;
    const { engine } = await startWorker((call) => {
      poisoned ??= call.sha256;
      return call.sha256 === poisoned ? CRASH : 'fine';
    });
    await queueFlow(ref);
    const transcript = await finished(ref);
    expect(transcript).toMatchObject({
      status: 'partial',
      segmentsFailed: 1,
      processingErrors: [{ type: 'segment_failed', details: { reason: 'crashed' } }],
    });
    expect(engine.calls.filter((call) => call.sha256 === poisoned)).toHaveLength(2);
    expect(engine.calls.length).toBe(transcript.segmentsTotal + 1);
  });

  it('waits for an engine that asks for it, without using up attempts', async () => {
    const ref = await sessions.live(sound(3, 9), RATE);
    const { engine } = await startWorker((call) =>
      call.call <= 6 ? { fault: { kind: 'rate-limited', retryAfterMs: 1 } } : 'at last',
    );
    await queueFlow(ref);
    expect(await finished(ref)).toMatchObject({ status: 'completed', text: 'at last' });
    expect(engine.calls).toHaveLength(7);
  });

  it('without a sound fails with a reason', async () => {
    const ref = await sessions.live(new Int16Array(0), RATE);
    await startWorker(word);
    await queueFlow(ref);
    expect(await finished(ref)).toMatchObject({ status: 'failed', error: { code: 'audio_too_short' } });
  });

  it('of silence is completed without asking the engine', async () => {
    const ref = await sessions.live(new Int16Array(30 * RATE), RATE);
    const { engine } = await startWorker(word);
    await queueFlow(ref);
    expect(await finished(ref)).toMatchObject({ status: 'completed', text: '' });
    expect(engine.calls).toHaveLength(0);
  });
});

describe('a session of uploads', () => {
  it('is decoded, cut like a live stream, and transcribed', async () => {
    const samples = sound(4, 45);
    const live = await sessions.live(samples, RATE);
    const parts = [0, 1, 2].map((part) => ({
      sequence: part,
      format: 'wav' as const,
      bytes: encodeWav(samples.slice(part * 15 * RATE, (part + 1) * 15 * RATE), RATE),
    }));
    const ref = await sessions.uploads(parts);
    await startWorker(word);
    await producer.decodeUploads(ref);
    const transcript = await finished(ref);
    const [decoded, manifest] = await Promise.all([
      sessions.archive.readDecoded(ref),
      sessions.archive.readManifest(live),
    ]);
    expect(transcript).toMatchObject({ status: 'completed', audioFilesProcessed: 3 });
    expect(decoded?.segments.map((segment) => segment.sha256)).toEqual(
      manifest?.segments.map((segment) => segment.sha256),
    );
    expect(decoded?.coverage).toMatchObject([{ receivedSamples: 45 * RATE, ratio: 1 }]);
  });

  it('is partial when a file cannot be decoded, is lost, or was never sent', async () => {
    const bytes = encodeWav(sound(5, 12), RATE);
    const garbage = new TextEncoder().encode('<html>this is not audio at all</html>'.repeat(20));
    const ref = await sessions.uploads([
      { sequence: 0, format: 'wav', bytes },
      { sequence: 1, format: 'mp3', bytes: garbage },
      { sequence: 2, format: 'wav', bytes },
      { sequence: 4, format: 'wav', bytes },
    ]);
    await store.remove([`clinic/${ref.sessionId}/uploads/2.wav`]);
    await startWorker(word);
    await producer.decodeUploads(ref);
    const transcript = await finished(ref);
    const decoded = await sessions.archive.readDecoded(ref);
    expect(transcript.status).toBe('partial');
    expect(decoded?.filesDecoded).toBe(2);
    expect(decoded?.gaps.map((gap) => [gap.from / RATE, gap.reason])).toEqual([
      [12, 'undecodable_file'],
      [12, 'missing_file'],
      [12, 'missing_file'],
    ]);
    expect(transcript.processingErrors.map((issue) => [issue.file, issue.details?.['reason']])).toEqual([
      ['1.mp3', 'refused'],
      ['2.wav', 'lost'],
    ]);
  });

  it('fails with a reason when nothing can be decoded', async () => {
    const garbage = new TextEncoder().encode('nothing to hear here '.repeat(50));
    const ref = await sessions.uploads([{ sequence: 0, format: 'webm', bytes: garbage }]);
    await startWorker(word);
    await producer.decodeUploads(ref);
    expect(await finished(ref)).toMatchObject({ status: 'failed', error: { code: 'processing_failed' } });
  });
});

describe('an erased session', () => {
  it('gets nothing written, and its marker goes', async () => {
    const ref = await sessions.live(sound(6, 30), RATE);
    await sessions.archive.createErased(ref, { v: 1, erasedAt: '2026-01-01T00:00:00.000Z' });
    await sessions.archive.eraseSession(ref);
    await startWorker(word);
    await until(async () => {
      for await (const marker of sessions.archive.listPending()) if (marker.sessionId !== '') return false;
      return true;
    });
    const left: string[] = [];
    for await (const { key } of store.listAll(`clinic/${ref.sessionId}/`)) left.push(key);
    expect(left).toEqual([`clinic/${ref.sessionId}/erased.json`]);
  });
});
