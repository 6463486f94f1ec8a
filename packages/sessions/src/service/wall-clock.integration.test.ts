import { randomBytes } from 'node:crypto';
import { CreateSessionRequest, type SessionRef } from '@earshot/protocol';
import { createFolderStore, createSessionArchive, type ObjectStore } from '@earshot/storage';
import { startRedis, type TemporaryFolder, type TestRedis, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { SessionIndex } from '../ports.ts';
import { createRedisIndex } from '../redis/redis-index.ts';
import { createSessions, type Sessions } from './sessions.ts';

const HOUR_MS = 3_600_000;
const WAIT_MS = 400;

let server: TestRedis;
let redis: Redis;
let folder: TemporaryFolder;
let store: ObjectStore;
let index: SessionIndex;
let sessions: Sessions;
/** What the wall clock of the node is ahead of the truth, ms. */
let aheadMs = 0;

const nothing = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  index = createRedisIndex(redis, { node: 'a' });
  sessions = createSessions({
    truth: createSessionArchive(store),
    index,
    queue: {
      decodeUploads: nothing,
      transcribe: nothing,
      renderRecording: nothing,
      announce: nothing,
      removeWork: () => Promise.resolve(0),
    },
    readObject: (key) => store.get(key),
    now: () => new Date(Date.now() + aheadMs),
    elapsedMs: () => performance.now(),
    randomBytes,
    warn: () => undefined,
    settings: { ttlSeconds: 3600, endTailWaitMs: WAIT_MS, leaseMs: 5000, onDifferentUpload: 'refuse' },
  });
});

afterAll(async () => {
  await index.close();
  redis.disconnect();
  await server.stop();
  await store.close();
  await folder.remove();
});

/** A session that a node has begun to feed which answers no more. */
async function orphaned(): Promise<SessionRef> {
  const request = CreateSessionRequest.parse({ upload_type: 'stream' });
  const creator = { tenant: 'clinic', subject: 'key_1', test: false };
  const { tenant, sessionId } = await sessions.create(creator, { request, idempotencyKey: undefined });
  const ref = { tenant, sessionId };
  await sessions.claimStream(ref, { node: 'dead', above: 0, patienceMs: 0, resuming: false });
  return ref;
}

/** The clock is put right by `jumpMs` while the work waits; 'late' when that makes it wait on. */
async function acrossJump<T>(jumpMs: number, work: Promise<T>): Promise<T | 'late'> {
  const jump = setTimeout(() => (aheadMs += jumpMs), WAIT_MS / 4);
  let alarm: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    alarm = setTimeout(() => resolve('late'), WAIT_MS * 10);
  });
  const outcome = await Promise.race([work, late]);
  clearTimeout(jump);
  clearTimeout(alarm);
  // Lets go of what waits on.
  aheadMs += 2 * HOUR_MS;
  await work;
  aheadMs = 0;
  return outcome;
}

describe('A wall clock that is put back', () => {
  it('does not make End wait longer for a tail', async () => {
    const ref = await orphaned();
    expect(await acrossJump(-HOUR_MS, sessions.end(ref, {}))).toMatchObject({ status: 'processing' });
  });

  it('does not make a connection wait longer for an owner that the index still knows', async () => {
    const ref = await orphaned();
    const claim = { node: 'a', above: 0, patienceMs: WAIT_MS, resuming: false };
    expect(await acrossJump(-HOUR_MS, sessions.claimStream(ref, claim))).toMatchObject({ epoch: 2 });
  });

  it('does not make a connection wait longer for an owner that an emptied index has forgotten', async () => {
    const ref = await orphaned();
    await redis.flushall();
    const claim = { node: 'a', above: 0, patienceMs: WAIT_MS, resuming: false };
    expect(await acrossJump(-HOUR_MS, sessions.claimStream(ref, claim))).toMatchObject({ epoch: 2 });
  });
});

describe('A wall clock that is put forward', () => {
  it('does not take the time from a node that may come back to an ended session', async () => {
    const ref = await orphaned();
    await redis.flushall();
    await sessions.end(ref, {});
    const { signal } = new AbortController();
    expect(await sessions.carryEnds(signal)).toBe(0);
    aheadMs += HOUR_MS;
    expect(await sessions.carryEnds(signal)).toBe(0);
    aheadMs = 0;
  });
});
