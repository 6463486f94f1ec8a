import { randomBytes } from 'node:crypto';
import { createIntakeHost, type IntakeHost, type IntakeLimits, type IntakeMetrics } from '@earshot/intake';
import { createNodeDisk, type Journal, openJournal, systemJournalTime } from '@earshot/journal';
import { LIMITS } from '@earshot/protocol';
import { createRedisIndex, createSessions, type SessionIndex, type Sessions } from '@earshot/sessions';
import { createSessionArchive, type ObjectStore } from '@earshot/storage';
import { Redis } from 'ioredis';
import type { EdgeMetrics } from '../edge-context.ts';
import { createMemoryLog, type EdgeBench, type EdgeBenchDeps, startEdge } from './edge-bench.ts';

/** An ingest node of real parts: Redis, a journal on disk, an object store, sockets and HTTP. */
export interface RealNode {
  readonly redis: Redis;
  readonly sessions: Sessions;
  readonly host: IntakeHost;
  readonly bench: EdgeBench;
  /** Ends it in order; its journal stays for a node that begins with it. */
  stop(deadlineMs?: number): Promise<void>;
}

export interface RealNodeOptions {
  readonly name: string;
  readonly redisUrl: string;
  readonly store: ObjectStore;
  /** Its journal's place. */
  readonly folder: { readonly path: string };
  readonly limits?: Partial<IntakeLimits>;
  readonly edge?: Partial<EdgeBenchDeps>;
  readonly metrics?: IntakeMetrics & EdgeMetrics;
}

const UNCOUNTED: IntakeMetrics & EdgeMetrics = {
  streamOpened: () => undefined,
  streamClosed: () => undefined,
  segmentStored: () => undefined,
  bytesReceived: () => undefined,
};

export async function startRealNode(options: RealNodeOptions): Promise<RealNode> {
  const { name, store, folder, metrics = UNCOUNTED } = options;
  const redis = new Redis(options.redisUrl, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  const index = createRedisIndex(redis, { node: name });
  const sessions = sessionsOf(store, index);
  const { journal, recovery } = await openFolder(folder);
  const host = createIntakeHost({
    sessions,
    index,
    store,
    journal,
    recovery,
    node: name,
    log: createMemoryLog(),
    metrics,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  await host.recover();
  const bench = await startEdge({ sessions, host, metrics, ...options.edge });
  return {
    redis,
    sessions,
    host,
    bench,
    async stop(deadlineMs) {
      await bench.close(deadlineMs);
      await journal.close();
      await index.close();
      redis.disconnect();
    },
  };
}

async function openFolder(folder: RealNodeOptions['folder']): Promise<{
  journal: Journal;
  recovery: Awaited<ReturnType<typeof openJournal>>['recovery'];
}> {
  return await openJournal({
    disk: await createNodeDisk(folder.path),
    time: systemJournalTime,
    randomBytes: (count) => randomBytes(count),
    settings: {
      durability: 'os',
      commitMs: 5,
      commitBytes: LIMITS.journalCommitBytes,
      fileBytes: 4_194_304,
      reserveBytes: 0,
      lowWaterBytes: 0,
      maxUnsyncedBytes: LIMITS.journalMaxUnsyncedBytes,
    },
    onFailure: () => undefined,
  });
}

function sessionsOf(store: ObjectStore, index: SessionIndex): Sessions {
  const nothing = (): Promise<void> => Promise.resolve();
  return createSessions({
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
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    randomBytes: (count) => randomBytes(count),
    warn: () => undefined,
    settings: {
      ttlSeconds: 3600,
      endTailWaitMs: LIMITS.endTailWaitMs,
      leaseMs: LIMITS.streamLeaseMs,
      onDifferentUpload: 'refuse',
    },
  });
}
