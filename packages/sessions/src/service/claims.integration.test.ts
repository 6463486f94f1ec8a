import { randomBytes } from 'node:crypto';
import {
  CreateSessionRequest,
  EarshotError,
  type SessionRef,
  type StreamClaim,
  type StreamRecord,
} from '@earshot/protocol';
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
/** … and before any is taken back. */
let beforeRemoval: () => Promise<void>;

const nothing = (): Promise<void> => Promise.resolve();

function sessionsOn(index: SessionIndex): Sessions {
  const truth: SessionTruth = {
    ...archive,
    createClaim: async (ref, claim) => {
      await beforeClaim();
      return archive.createClaim(ref, claim);
    },
    removeClaims: async (ref, epochs) => {
      await beforeRemoval();
      await archive.removeClaims(ref, epochs);
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
  beforeRemoval = nothing;
});

const claimOn = (node: string, resuming = false) => ({ node, above: 0, patienceMs: 0, resuming });

/** A session that the first node feeds, with epoch 1. */
async function fed(): Promise<SessionRef> {
  const sessions = sessionsOn(first!);
  const request = CreateSessionRequest.parse({ upload_type: 'stream' });
  const creator = { tenant: 'clinic', subject: 'key_1', test: false };
  const { tenant, sessionId } = await sessions.create(creator, { request, idempotencyKey: undefined });
  const ref = { tenant, sessionId };
  await sessions.claimStream(ref, claimOn('first'));
  return ref;
}

/** A session whose first node resumed with epoch 2 while the store was away, before the index was emptied. */
async function unclaimed(): Promise<SessionRef> {
  const ref = await fed();
  const sessions = sessionsOn(first!);
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
      beforeRemoval = nothing;
      await first!.holdStream(ref, { node: 'first', epoch: 2 }, 5000);
    };
    expect(await sessionsOn(second!).claimStream(ref, claimOn('second'))).toMatchObject({ epoch: 3 });
    expect(await archive.listClaims(ref)).toEqual([1, 3]);
    expect(await first!.holdStream(ref, { node: 'first', epoch: 2 }, 5000)).toBe(false);
  });
});

/** The index, which is emptied behind a look at who has the lease. */
function emptiedBehindLook(index: SessionIndex, look: number): SessionIndex {
  let looks = 0;
  return new Proxy(index, {
    get: (of, name) => {
      if (name !== 'liveStream') return Reflect.get(of, name) as unknown;
      return async (ref: SessionRef) => {
        const held = await of.liveStream(ref);
        looks += 1;
        if (looks === look) await redis.flushall();
        return held;
      };
    },
  });
}

describe('A connection that takes a session over while the index is emptied', () => {
  it.each([1, 2, 3])('waits for the tail of the one before: behind look %d at the lease', async (look) => {
    const ref = await fed();
    const done: string[] = [];
    first!.onStreamNotice(({ ref: told, reason }) => {
      if (told.sessionId !== ref.sessionId || reason !== 'superseded' || done.includes('told')) return;
      done.push('told');
      setTimeout(() => {
        void sessionsOn(first!)
          .closeStream(ref, recordOf(1, 1))
          .then(() => done.push('recorded'));
      }, 300);
    });
    const claiming = { ...claimOn('second'), patienceMs: 5000 };
    const sessions = sessionsOn(emptiedBehindLook(second!, look));
    expect(await sessions.claimStream(ref, claiming)).toMatchObject({ epoch: 2 });
    expect(await archive.readStreams(ref)).toMatchObject([{ epoch: 1 }]);
    await until(() => done.join(' ') === 'told recorded');
    expect(await second!.liveStream(ref)).toEqual({ node: 'second', epoch: 2 });
  });

  it('does not wait long for one that is not there', async () => {
    const ref = await fed();
    const startedMs = performance.now();
    const sessions = sessionsOn(emptiedBehindLook(second!, 2));
    await sessions.claimStream(ref, { ...claimOn('second'), patienceMs: 20_000 });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await sessions.openClaims(ref)).toMatchObject([{ epoch: 1 }, { epoch: 2 }]);
  });
});

describe('A connection that waits for another node', () => {
  it('finds out that the session was erased meanwhile, though its claim was swept before anybody read it', async () => {
    const ref = await fed();
    const sessions = sessionsOn(second!);
    const claiming = sessions.claimStream(ref, { ...claimOn('second'), patienceMs: 5000 });
    await until(async () => (await archive.listClaims(ref)).includes(2));
    await archive.createErased(ref, { v: 1, erasedAt: AT });
    await archive.eraseSession(ref);
    await first!.releaseStream(ref, { node: 'first', epoch: 1 });
    expect(await claiming).toMatchObject({ epoch: 2 });
    await expect(sessions.standing(ref)).rejects.toMatchObject({ code: 'session_not_found' });
  });
});

describe('A claim that meets an erasure while nothing can be taken back', () => {
  it('is told to the node, and goes by itself when the node takes it back later', async () => {
    const ref = await fed();
    const sessions = sessionsOn(first!);
    const left: StreamClaim[] = [];
    beforeClaim = async () => {
      await sessions.erase(ref);
      beforeRemoval = () => Promise.reject(new EarshotError('service_unavailable'));
    };
    const claim = { ...claimOn('first'), left: (each: StreamClaim) => left.push(each) };
    await expect(sessions.claimStream(ref, claim)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(left).toMatchObject([{ epoch: 2, node: 'first' }]);
    expect(await archive.listClaims(ref)).toEqual([2]);
    await expect(sessions.retractClaim(ref, left[0]!)).rejects.toMatchObject({ code: 'service_unavailable' });
    beforeRemoval = nothing;
    await sessions.retractClaim(ref, { ...left[0]!, node: 'second' });
    await sessions.retractClaim(ref, { ...left[0]!, claimedAt: AT });
    expect(await archive.listClaims(ref)).toEqual([2]);
    await sessions.retractClaim(ref, left[0]!);
    expect(await archive.listClaims(ref)).toEqual([]);
  });

  it('stays with a session that is still there, since End asks for it', async () => {
    const ref = await fed();
    const [claim] = await sessionsOn(first!).openClaims(ref);
    await sessionsOn(first!).retractClaim(ref, claim!);
    expect(await archive.listClaims(ref)).toEqual([1]);
  });
});
