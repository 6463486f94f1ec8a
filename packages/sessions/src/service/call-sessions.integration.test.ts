import { randomBytes } from 'node:crypto';
import { encodeWav } from '@earshot/audio';
import { CreateSessionRequest, type SessionCall, type SessionRef } from '@earshot/protocol';
import {
  createFolderStore,
  createSessionArchive,
  keys,
  type ObjectStore,
  type SessionArchive,
} from '@earshot/storage';
import {
  computedAudio,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
} from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { SessionIndex, WorkQueue } from '../ports.ts';
import { createRedisIndex } from '../redis/redis-index.ts';
import { createSessions, type Sessions } from './sessions.ts';

const CALL: SessionCall = { callId: 'call_1', lineId: 'lin_1', record: true, transcribe: false };
const creator = { tenant: 'clinic', subject: 'key_1', test: false };
const request = CreateSessionRequest.parse({ upload_type: 'stream' });
let server: TestRedis;
let redis: Redis;
let folder: TemporaryFolder;
let store: ObjectStore;
let archive: SessionArchive;
let index: SessionIndex;
let sessions: Sessions;
const queued: string[] = [];
let queueIsAway = false;

const note = (line: string): Promise<void> => {
  if (queueIsAway) return Promise.reject(new Error('the queue is away'));
  queued.push(line);
  return Promise.resolve();
};
const queue: WorkQueue = {
  decodeUploads: () => note('decode'),
  transcribe: (document, segments) => note(`transcribe ${document.sessionId} ${segments.length}`),
  renderRecording: (ref) => note(`render ${ref.sessionId}`),
  announce: () => Promise.resolve(),
  removeWork: () => Promise.resolve(0),
};

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  archive = createSessionArchive(store);
  index = createRedisIndex(redis, { node: 'a' });
  sessions = createSessions({
    truth: archive,
    index,
    queue,
    readObject: (key) => store.get(key),
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    randomBytes,
    warn: () => undefined,
    settings: { ttlSeconds: 3600, endTailWaitMs: 400, leaseMs: 5000, onDifferentUpload: 'refuse' },
  });
});

afterAll(async () => {
  await index.close();
  redis.disconnect();
  await server.stop();
  await store.close();
  await folder.remove();
});

async function create(call: SessionCall, idempotencyKey?: string): Promise<SessionRef> {
  const { tenant, sessionId } = await sessions.create(creator, { request, idempotencyKey, call });
  return { tenant, sessionId };
}

async function speak(ref: SessionRef): Promise<void> {
  const key = keys.segment(ref, { track: 'outbound', index: 0, firstSample: 0 });
  await store.put(key, encodeWav(computedAudio(1, 0, 16_000), 16_000));
}

describe('a session of a call', () => {
  it('tells which call it holds, also after the index was emptied', async () => {
    const ref = await create(CALL);
    expect((await archive.readSession(ref))?.call).toEqual(CALL);
    await redis.flushall();
    expect((await sessions.load(ref)).document.call).toEqual(CALL);
  });

  it('is given again for the same call, and refused for another', async () => {
    const ref = await create(CALL, 'once');
    expect(await create(CALL, 'once')).toEqual(ref);
    await expect(create({ ...CALL, callId: 'call_2' }, 'once')).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  it('has its recordings made at End, and only when that was wanted and somebody was heard', async () => {
    const [heard, silent, unwanted] = [
      await create(CALL),
      await create(CALL),
      await create({ ...CALL, record: false }),
    ];
    await speak(heard);
    await speak(unwanted);
    queued.length = 0;
    for (const ref of [heard, silent, unwanted]) await sessions.end(ref, {});
    expect(queued.filter((line) => line.startsWith('render'))).toEqual([`render ${heard.sessionId}`]);
    expect(queued.filter((line) => line.startsWith('transcribe'))).toHaveLength(3);
    expect((await archive.readPending(heard))?.recording).toBe(true);
    expect((await archive.readPending(unwanted))?.recording).toBeUndefined();
  });

  it('says in its marker that recordings are due when the queue is away at End', async () => {
    const ref = await create(CALL);
    await speak(ref);
    queueIsAway = true;
    await sessions.end(ref, {});
    queueIsAway = false;
    expect(await archive.readPending(ref)).toMatchObject({ recording: true });
  });
});
