import { createIntakeHost, type IntakeHost, type IntakeTime } from '@earshot/intake';
import { type Journal, type JournalSettings, openJournal, type Recovery } from '@earshot/journal';
import { LIMITS } from '@earshot/protocol';
import { createSessions, type SessionIndex, type Sessions } from '@earshot/sessions';
import { createSessionArchive, type ObjectStore } from '@earshot/storage';
import type { SimulatedDisk } from '../../disk/simulated-disk.ts';
import type { Random } from '../../runner/random.ts';
import type { Life, Scheduler } from '../scheduler/scheduler.ts';
import { simulatedTime, type WallClock } from '../scheduler/simulated-time.ts';
import type { SimulatedStore } from '../world/object-store.ts';
import { processDisk } from '../world/process-disk.ts';
import type { SimulatedIndex } from '../world/session-index.ts';

/** What a process is started with. */
export interface ProcessWorld {
  readonly scheduler: Scheduler;
  readonly store: SimulatedStore;
  readonly index: SimulatedIndex;
  readonly disk: SimulatedDisk;
  readonly clock: WallClock;
  readonly random: Random;
  readonly settings: JournalSettings;
  /** The journal cannot keep its promise: the process has to leave. */
  readonly onFailure: () => void;
  readonly parts: ServerParts;
}

/** The parts under test; a mutant replaces one. */
export interface ServerParts {
  readonly openJournal: typeof openJournal;
  readonly createIntakeHost: typeof createIntakeHost;
  readonly createSessions: typeof createSessions;
}

export const REAL_PARTS: ServerParts = { openJournal, createIntakeHost, createSessions };

/** One running process of a node, with everything that it holds in memory. */
export interface ServerProcess {
  readonly life: Life;
  readonly sessions: Sessions;
  readonly host: IntakeHost;
  readonly journal: Journal;
  readonly recovery: Recovery;
}

const MAINTENANCE_MS = 5000;

/** Starts a process on its node's disk; rejects when the disk does not let it. */
export async function startProcess(world: ProcessWorld, life: Life): Promise<ServerProcess> {
  const time = simulatedTime(world.scheduler, life, world);
  const { journal, recovery } = await world.parts.openJournal({
    disk: processDisk(world.disk, life, (call) => world.scheduler.note(`${life.name} disk ${call}`)),
    time,
    randomBytes: (count) => bytesFrom(world.random, count),
    settings: world.settings,
    onFailure: world.onFailure,
  });
  const store = world.store.view(life);
  const index = world.index.view(life);
  const sessions = sessionsOf(world, { store, index, time });
  const host = world.parts.createIntakeHost({
    sessions,
    index,
    store,
    journal,
    recovery,
    node: life.name,
    time,
    log: { info: quiet, warn: quiet, error: quiet },
    metrics: { streamOpened: quiet, streamClosed: quiet, segmentStored: quiet },
    limits: LIMITS,
    cut: { minSeconds: 0.03, maxSeconds: 0.24, minPauseMs: 20 },
  });
  await host.recover();
  void maintain(world, life, sessions);
  return { life, sessions, host, journal, recovery };
}

/** What a node does beside its streams: rebuilds an emptied index, and carries Ends through. */
async function maintain({ scheduler, random }: ProcessWorld, life: Life, sessions: Sessions): Promise<void> {
  const { signal } = new AbortController();
  for (;;) {
    await scheduler.sleep(MAINTENANCE_MS * (0.5 + random.next()), `${life.name} maintenance`, life);
    try {
      await sessions.primeIndex(signal);
      await sessions.carryEnds(signal);
    } catch {
      // The next pass tries again, as the service does.
    }
  }
}

function sessionsOf(
  world: ProcessWorld,
  { store, index, time }: { store: ObjectStore; index: SessionIndex; time: IntakeTime },
): Sessions {
  return world.parts.createSessions({
    truth: createSessionArchive(store),
    index,
    queue: {
      decodeUploads: idle,
      transcribe: idle,
      renderRecording: idle,
      announce: idle,
      removeWork: () => Promise.resolve(0),
    },
    readObject: (key) => store.get(key),
    now: () => world.clock.now(),
    elapsedMs: () => time.elapsedMs(),
    randomBytes: (count) => bytesFrom(world.random, count),
    warn: quiet,
    settings: {
      ttlSeconds: 1_000_000,
      endTailWaitMs: LIMITS.endTailWaitMs,
      leaseMs: LIMITS.streamLeaseMs,
      onDifferentUpload: 'refuse',
    },
  });
}

const idle = (): Promise<void> => Promise.resolve();
const quiet = (): void => undefined;

function bytesFrom(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.between(0, 255));
}
