import { randomBytes } from 'node:crypto';
import { CreateSessionRequest, EarshotError, type SessionRef, type StreamRecord } from '@earshot/protocol';
import {
  createFolderStore,
  createSessionArchive,
  type ObjectStore,
  type SessionArchive,
} from '@earshot/storage';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { SessionIndex, SessionTruth, StreamNotice } from '../ports.ts';
import { createRedisIndex } from '../redis/redis-index.ts';
import { createSessions, type Sessions } from './sessions.ts';

const AT = '2026-01-05T08:00:00.000Z';

let server: TestRedis;
let redis: Redis;
let folder: TemporaryFolder;
let store: ObjectStore;
let archive: SessionArchive;
let [first, second]: SessionIndex[] = [];
/** Runs before each claim is stored; may throw. */
let beforeClaim: () => Promise<void>;

const nothing = (): Promise<void> => Promise.resolve();

function sessionsOn(index: SessionIndex): Sessions {
  const truth: SessionTruth = {
    ...archive,
    createClaim: async (ref, claim) => {
      await beforeClaim();
      return archive.createClaim(ref, claim);
    },
  };
  const queue = { decodeUploads: nothing, transcribe: nothing, renderRecording: nothing, announce: nothing };
  return createSessions({
    truth,
    index,
    queue: { ...queue, removeWork: () => Promise.resolve(0) },
    readObject: (key) => store.get(key),
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    randomBytes,
    warn: () => undefined,
    settings: { ttlSeconds: 3600, endTailWaitMs: 300, leaseMs: 5000, onDifferentUpload: 'refuse' },
  });
}

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  archive = createSessionArchive(store);
  [first, second] = ['first', 'second'].map((node) => createRedisIndex(redis, { node }));
});
afterAll(async () => {
  await Promise.all([first!.close(), second!.close()]);
  redis.disconnect();
  await server.stop();
  await store.close();
  await folder.remove();
});
beforeEach(() => {
  beforeClaim = nothing;
});

const claimOn = (node: string, resuming = false) => ({ node, above: 0, patienceMs: 0, resuming });

/** A session whose first node resumed with epoch 2 while the store was away, before the index was emptied. */
async function unclaimed(): Promise<SessionRef> {
  const sessions = sessionsOn(first!);
  const request = CreateSessionRequest.parse({ upload_type: 'stream' });
  const creator = { tenant: 'clinic', subject: 'key_1', test: false };
  const { tenant, sessionId } = await sessions.create(creator, { request, idempotencyKey: undefined });
  const ref = { tenant, sessionId };
  await sessions.claimStream(ref, claimOn('first'));
  beforeClaim = () => Promise.reject(new EarshotError('service_unavailable'));
  expect(await sessions.claimStream(ref, claimOn('first', true))).toMatchObject({ epoch: 2 });
  beforeClaim = nothing;
  await redis.flushall();
  return ref;
}

function recordOf(epoch: number, fromEpoch: number): StreamRecord {
  const counts = { frames: 1, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 };
  const call = { dialect: 'raw', encoding: 'pcm16', bigEndian: false, callId: null, providerStreamId: null };
  const lists = { segments: [], gaps: [], coverage: [], warnings: [] };
  const times = { startedAt: AT, endedAt: AT, closedBy: 'superseded' } as const;
  return { v: 1, epoch, fromEpoch, transport: 'websocket', ...times, ...call, ...counts, ...lists };
}

describe('An epoch that an emptied index gives again, since its claim could not be stored', () => {
  it('leaves one of the nodes with the lease, and tells the other', async () => {
    const ref = await unclaimed();
    const told: StreamNotice[] = [];
    first!.onStreamNotice((notice) => told.push(notice));
    expect(await sessionsOn(second!).claimStream(ref, claimOn('second'))).toMatchObject({ epoch: 2 });
    expect(await first!.holdStream(ref, { node: 'first', epoch: 2 }, 5000)).toBe(false);
    expect(await first!.liveStream(ref)).toEqual({ node: 'second', epoch: 2 });
    await until(() => told.some(({ reason, epoch }) => reason === 'superseded' && epoch === 2));
  });

  it('is not accounted for by the record of the node that had it without a claim, which leaves the lease', async () => {
    const ref = await unclaimed();
    await sessionsOn(second!).claimStream(ref, claimOn('second'));
    await sessionsOn(first!).closeStream(ref, recordOf(2, 1));
    expect(await sessionsOn(first!).openClaims(ref)).toMatchObject([{ node: 'second', epoch: 2 }]);
    expect(await first!.liveStream(ref)).toEqual({ node: 'second', epoch: 2 });
    await sessionsOn(second!).closeStream(ref, recordOf(2, 2));
    expect(await sessionsOn(first!).openClaims(ref)).toEqual([]);
    expect(await archive.readStreams(ref)).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
    expect(await first!.liveStream(ref)).toBeNull();
  });

  it('is left for the next one when the other node shows its lease just then', async () => {
    const ref = await unclaimed();
    beforeClaim = async () => {
      beforeClaim = nothing;
      await first!.holdStream(ref, { node: 'first', epoch: 2 }, 5000);
    };
    expect(await sessionsOn(second!).claimStream(ref, claimOn('second'))).toMatchObject({ epoch: 3 });
    expect(await archive.listClaims(ref)).toEqual([1, 3]);
    expect(await first!.holdStream(ref, { node: 'first', epoch: 2 }, 5000)).toBe(false);
  });
});
