import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RecordingSidecar, SessionRef } from '@earshot/protocol';
import { createQueueProducer, type QueueProducer } from '@earshot/queue';
import { createEventLog } from '@earshot/runtime';
import {
  type CallArchive,
  callKeys,
  createCallArchive,
  createFolderStore,
  createS3Store,
  type ObjectStore,
} from '@earshot/storage';
import {
  computedAudio,
  startMinio,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createWorkerApp, type WorkerApp } from '../app.ts';
import { readWorkerConfig } from '../config.ts';
import { EndedSessions, type TestStretch } from '../testing/ended-session.ts';
import { CONTEXT, fakeParts } from '../testing/fake-parts.ts';
import { createRenderRecording } from './render-recording.ts';

const SEGMENT_SAMPLES = 400_000;
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const audio = {
  inbound: computedAudio(1, 0, SEGMENT_SAMPLES),
  outbound: computedAudio(2, 0, SEGMENT_SAMPLES),
};

let redis: TestRedis;
let connection: Redis;
let producer: QueueProducer;
let folder: TemporaryFolder;
let store: ObjectStore;
let calls: CallArchive;
let sessions: EndedSessions;
const apps: WorkerApp[] = [];
const children: ChildProcess[] = [];

const settings = (): Record<string, string> => ({
  REDIS_URL: redis.url,
  EARSHOT_OBJECT_STORE: `file:${folder.path}`,
  EARSHOT_RECONCILE_SECONDS: '1',
  LOG_LEVEL: 'silent',
});

async function startWorker(): Promise<void> {
  const engine = createScriptedEngine({ script: () => 'hello' });
  const app = await createWorkerApp(readWorkerConfig(settings()), { engines: { lite: engine, pro: engine } });
  apps.push(app);
  await app.start();
}

/** Both legs, as long as `segments` of 25 s. */
function legs(segments: number): TestStretch[] {
  return (['inbound', 'outbound'] as const).flatMap((track) =>
    Array.from({ length: segments }, (_, n) => ({
      track,
      firstSample: n * SEGMENT_SAMPLES,
      samples: audio[track],
    })),
  );
}

/** The sidecar, once the session is finished too. */
function finished(ref: SessionRef, timeoutMs = 20_000): Promise<RecordingSidecar> {
  const look = async () =>
    (await sessions.archive.readPending(ref)) === null ? calls.readSidecar(ref) : null;
  return until(look, { timeoutMs, intervalMs: 50 });
}

async function expectWhole(of: ObjectStore, sidecar: RecordingSidecar): Promise<void> {
  for (const file of sidecar.files) {
    const wav = await of.get(file.key);
    expect(createHash('sha256').update(wav).digest('hex')).toBe(file.sha256);
    expect(wav).toHaveLength(file.sizeBytes);
  }
  expect(new Set(sidecar.files.map((file) => file.samples)).size).toBe(1);
}

async function eventsOf(lineId: string): Promise<string[]> {
  const log = createEventLog(connection);
  try {
    const logged = await log.read({ tenant: 'clinic', lineId }, null, 100);
    return logged.map(({ event }) => event.type);
  } finally {
    log.close();
  }
}

beforeEach(async () => {
  redis = await startRedis({ appendonly: true });
  connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  producer = createQueueProducer({ connection });
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  calls = createCallArchive(store);
  sessions = new EndedSessions(store);
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

describe('recordings of calls that ended', () => {
  it('are made after Redis forgot everything, and told once a file', async () => {
    const ref = await sessions.call(legs(1));
    await producer.renderRecording(ref);
    await producer.transcribeFlow(ref, []);
    await redis.flushAll();
    await startWorker();
    await expectWhole(store, await finished(ref));
    const events = await eventsOf('lin_desk');
    expect(events.filter((type) => type === 'call.recording.ready')).toHaveLength(3);
    expect(events.filter((type) => type.startsWith('session.'))).toEqual(['session.completed']);
  }, 40_000);

  it('are made beside a transcript where one is wanted', async () => {
    const ref = await sessions.call(legs(1), { transcribe: true });
    await startWorker();
    await finished(ref);
    expect(await sessions.archive.readTranscript(ref)).toMatchObject({
      status: 'completed',
      utterances: [{ track: 'inbound' }, { track: 'outbound' }],
    });
  }, 40_000);

  it('are made again from the start by another process when one is killed over them', async () => {
    const compiler = `${root}node_modules/@typescript/native/bin/tsc`;
    await promisify(execFile)(process.execPath, [compiler, '--build', 'services/worker'], {
      cwd: root,
    }).catch(() => undefined);
    const ref = await sessions.call(legs(60));
    await producer.renderRecording(ref);
    const child = spawn(process.execPath, ['services/worker/dist/main.js'], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings() },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(child);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(async () => (await producer.counts())['render-recording'].active === 1, {
      timeoutMs: 20_000,
      intervalMs: 5,
    });
    child.kill('SIGKILL');
    await ended;
    expect(await calls.readSidecar(ref)).toBeNull();
    await startWorker();
    const sidecar = await finished(ref, 60_000);
    expect(sidecar.files[0]).toMatchObject({ durationMs: 1_500_000 });
    await expectWhole(store, sidecar);
  }, 240_000);
});

const minio = await startMinio();
const withS3 = minio === null ? describe.skip : describe;

withS3('recordings in S3', () => {
  afterAll(() => minio?.stop());

  it('are there once, whoever of two is first', async () => {
    const { endpoint, region, accessKeyId, secretAccessKey, bucket } = minio!;
    const s3 = createS3Store({
      bucket,
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      createBucket: true,
    });
    await s3.probe();
    const ref = await new EndedSessions(s3).call(legs(1));
    const parts = fakeParts(s3);
    const render = createRenderRecording(parts, { keepRecordingDays: 30 });
    await Promise.all([render(ref, CONTEXT), render(ref, CONTEXT)]);
    const sidecar = (await parts.callArchive.readSidecar(ref))!;
    await expectWhole(s3, sidecar);
    const listed = await s3.list(callKeys.recordings(ref));
    expect(listed.objects).toHaveLength(4);
    await s3.close();
  }, 60_000);
});
