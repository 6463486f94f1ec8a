import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SessionRef, Transcript } from '@earshot/protocol';
import { createQueueProducer, planSegments, type QueueProducer } from '@earshot/queue';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import {
  computedAudio,
  startRedis,
  synthesizeSpeech,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createWorkerApp, type WorkerApp } from './app.ts';
import { readWorkerConfig } from './config.ts';
import { EndedSessions } from './testing/ended-session.ts';

const RATE = 16_000;
const root = fileURLToPath(new URL('../../../', import.meta.url));

let redis: TestRedis;
let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let connection: Redis;
let producer: QueueProducer;
const apps: WorkerApp[] = [];
const children: ChildProcess[] = [];

const settings = (): Record<string, string> => ({
  REDIS_URL: redis.url,
  EARSHOT_OBJECT_STORE: `file:${folder.path}`,
  EARSHOT_RECONCILE_SECONDS: '2',
  EARSHOT_CONCURRENCY: '2',
  LOG_LEVEL: 'silent',
});

async function startWorker(delayMs: number) {
  const engine = createScriptedEngine({ script: (call) => `segment of ${call.seconds}`, delayMs });
  const app = await createWorkerApp(readWorkerConfig(settings()), { engines: { lite: engine, pro: engine } });
  apps.push(app);
  await app.start();
  return engine;
}

async function queueFlow(ref: SessionRef): Promise<void> {
  const [document, manifest] = await Promise.all([
    sessions.archive.readSession(ref),
    sessions.archive.readManifest(ref),
  ]);
  await producer.transcribeFlow(ref, planSegments(document!, manifest!.segments));
}

async function isPending(ref: SessionRef): Promise<boolean> {
  for await (const marker of sessions.archive.listPending()) {
    if (marker.sessionId === ref.sessionId) return true;
  }
  return false;
}

const finished = (ref: SessionRef, timeoutMs: number): Promise<Transcript> =>
  until(async () => ((await isPending(ref)) ? null : sessions.archive.readTranscript(ref)), {
    timeoutMs,
    intervalMs: 50,
  });

beforeEach(async () => {
  redis = await startRedis({ appendonly: true });
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  connection = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  producer = createQueueProducer({ connection });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await producer.close();
  connection.disconnect();
  await store.close();
  await folder.remove();
  await redis.stop();
});

describe('Redis emptied between End and result', () => {
  it('again and again still ends in the one right transcript', async () => {
    const ref = await sessions.live(computedAudio(1, 0, 120 * RATE), RATE);
    const engine = await startWorker(300);
    await queueFlow(ref);
    for (const calls of [2, 4]) {
      await until(() => engine.calls.length >= calls);
      await redis.flushAll();
    }
    const emptiedAt = performance.now();
    const transcript = await finished(ref, 25_000);
    expect(performance.now() - emptiedAt).toBeLessThan(20_000);
    const manifest = await sessions.archive.readManifest(ref);
    expect(transcript).toMatchObject({ status: 'completed', segmentsFailed: 0 });
    expect(transcript.utterances.map((utterance) => utterance.text)).toEqual(
      manifest?.segments.map((segment) => `segment of ${segment.samples / RATE}`),
    );
  }, 60_000);

  it('loses no upload session either', async () => {
    const wave = await sessions.live(computedAudio(2, 0, 12 * RATE), RATE);
    const manifest = await sessions.archive.readManifest(wave);
    const bytes = await store.get(manifest!.segments[0]!.key);
    const ref = await sessions.uploads([{ sequence: 0, format: 'wav', bytes }]);
    await startWorker(0);
    expect(await finished(ref, 20_000)).toMatchObject({ status: 'completed', audioFilesProcessed: 1 });
  }, 60_000);
});

describe('a crash', () => {
  it('before anything was queued is made good by the reconciler', async () => {
    const ref = await sessions.live(computedAudio(3, 0, 30 * RATE), RATE);
    await startWorker(0);
    expect(await finished(ref, 20_000)).toMatchObject({ status: 'completed' });
  });

  it('between transcript and webhook still announces the result and drops the marker', async () => {
    const ref = await sessions.live(computedAudio(4, 0, 12 * RATE), RATE);
    await startWorker(0);
    const transcript = await finished(ref, 20_000);
    await apps.splice(0)[0]?.close();
    await sessions.archive.createWebhook({
      v: 1,
      webhookId: 'whk_1',
      tenant: ref.tenant,
      url: 'https://receiver.invalid/',
      events: ['session.completed'],
      secret: null,
      status: 'active',
      createdAt: transcript.completedAt,
    });
    await sessions.archive.writePending({ v: 1, ...ref, since: '2026-01-01T00:00:00.000Z' });
    await redis.flushAll();
    await startWorker(0);
    expect(await finished(ref, 20_000)).toEqual(transcript);
    const counts = (await producer.counts())['deliver-webhook'];
    expect(counts.active + counts.delayed + counts.waiting).toBe(1);
  });

  it('that left a marker without a manifest ages out', async () => {
    const marker = { v: 1 as const, tenant: 'clinic', sessionId: 'ses_never_ended_0001' };
    await sessions.archive.writePending({ ...marker, since: '2026-01-01T00:00:00.000Z' });
    const young = { ...marker, sessionId: 'ses_just_ending_0001', since: new Date().toISOString() };
    await sessions.archive.writePending(young);
    await startWorker(0);
    await until(async () => !(await isPending(marker)));
    expect(await isPending(young)).toBe(true);
  });
});

function startProcess(): { child: ChildProcess; ended: Promise<void> } {
  const child = spawn(process.execPath, ['services/worker/dist/main.js'], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings() },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return { child, ended: new Promise((resolve) => child.once('exit', () => resolve())) };
}

describe('a worker process', () => {
  beforeAll(async () => {
    const compiler = `${root}node_modules/@typescript/native/bin/tsc`;
    // Type errors are another check's business; the compiler writes its output all the same.
    await promisify(execFile)(process.execPath, [compiler, '--build', 'services/worker'], {
      cwd: root,
    }).catch(() => undefined);
  }, 180_000);

  it('killed in mid-job leaves a session that another one finishes, with real speech in its transcript', async () => {
    const speech = await synthesizeSpeech('the weather is good today and we will go out', {
      sampleRate: RATE,
    });
    const ref = await sessions.live(speech, RATE);
    const first = startProcess();
    await queueFlow(ref);
    await until(async () => (await producer.counts())['transcribe-segment'].active === 1);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await sessions.archive.readTranscript(ref)).toBeNull();
    startProcess();
    const transcript = await finished(ref, 45_000);
    expect(transcript).toMatchObject({ status: 'completed', engine: 'pocketsphinx' });
    expect(transcript.text).toContain('weather');
  }, 90_000);

  it('asked to stop gives its job back and exits 0', async () => {
    const ref = await sessions.live(computedAudio(5, 0, 12 * RATE), RATE);
    const { child } = startProcess();
    await until(async () => (await producer.counts())['transcribe-segment'].active === 1, {
      timeoutMs: 15_000,
    });
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    const work = await producer.sessionWork(ref);
    expect(['unfinished', 'completed']).toContain(work.state);
  }, 60_000);
});
