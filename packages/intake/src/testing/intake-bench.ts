import { randomBytes } from 'node:crypto';
import {
  createNodeDisk,
  type Journal,
  type JournalSettings,
  openJournal,
  type Recovery,
  systemJournalTime,
} from '@earshot/journal';
import type { SegmentEntry, TrackName } from '@earshot/protocol';
import { createIntakeHost } from '../host/intake-host.ts';
import type { Connection, ConnectionEnd, IntakeHost, IntakeLimits } from '../ports.ts';
import { UNKNOWN_FORMAT } from '../record/stream-record.ts';
import { createMemorySessions, type MemorySessions } from './memory-sessions.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

export const RATE = 16_000;

/** A folder of its own, for the journal. */
export interface BenchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A node's intake on a real journal, with sessions and objects in memory. */
export interface IntakeBench {
  readonly sessions: MemorySessions;
  readonly store: MemoryStore;
  readonly host: IntakeHost;
  readonly journal: Journal;
  readonly folder: BenchFolder;
  /** Lets go of the process as a kill would, and opens the same folder again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const SETTINGS: JournalSettings = {
  durability: 'os',
  commitMs: 2,
  commitBytes: 262_144,
  fileBytes: 1_048_576,
  reserveBytes: 0,
  lowWaterBytes: 0,
  maxUnsyncedBytes: 8_388_608,
};
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const uncounted = {
  streamOpened: () => undefined,
  streamClosed: () => undefined,
  segmentStored: () => undefined,
};

export async function createIntakeBench(
  folder: BenchFolder,
  limits: Partial<IntakeLimits> = {},
): Promise<IntakeBench> {
  const sessions = createMemorySessions();
  const store = createMemoryStore();
  const opened: { host: IntakeHost; journal: Journal; recovery: Recovery; life: Life }[] = [];
  const open = async (): Promise<void> => {
    const life: Life = { over: false };
    const { journal, recovery } = await openJournal({
      disk: await createNodeDisk(folder.path),
      time: systemJournalTime,
      randomBytes: (count) => randomBytes(count),
      settings: SETTINGS,
      onFailure: () => undefined,
    });
    const host = createIntakeHost({
      sessions: mortal(sessions, life),
      index: mortal(sessions, life),
      store: mortal(store, life),
      journal,
      recovery,
      node: 'node',
      log: silent,
      metrics: uncounted,
      limits,
    });
    await host.recover();
    opened.push({ host, journal, recovery, life });
  };
  await open();
  const last = (): (typeof opened)[number] => {
    const current = opened.at(-1);
    if (current === undefined) throw new Error('no intake is open');
    return current;
  };
  return {
    sessions,
    store,
    folder,
    get host() {
      return last().host;
    },
    get journal() {
      return last().journal;
    },
    async restart() {
      await last().journal.whenDurable();
      last().life.over = true;
      await last().host.close(0);
      await last().journal.close();
      await open();
    },
    async stop() {
      await last().host.close(2000);
      await last().journal.close();
      await folder.remove();
    },
  };
}

interface Life {
  over: boolean;
}

/** What a process that was killed can do no more: after its life, calls are never answered and change nothing. */
function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(of, name) {
      const member: unknown = Reflect.get(of, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown =>
        life.over ? new Promise(() => undefined) : Reflect.apply(member, of, given);
    },
  });
}

/** The end of a connection, by its sender unless told otherwise. */
export function endOf(closedBy: ConnectionEnd['closedBy'] = 'stop'): ConnectionEnd {
  const stats = { frames: 0, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes: 0 };
  return { closedBy, format: UNKNOWN_FORMAT, stats };
}

/** What `feed` writes: a range of an endless stream, told by a seed. */
export interface FeedRange {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly track?: TrackName;
}

/** Writes audio in frames of a quarter second; `samplesAt` computes any range of it. */
export function feeder(samplesAt: (seed: number, from: number, samples: number) => Int16Array) {
  return (connection: Connection, { seed, from, to, track = 'main' }: FeedRange): void => {
    for (let at = from; at < to; at += RATE / 4) {
      const samples = samplesAt(seed, at, Math.min(RATE / 4, to - at));
      connection.write({ track, sampleRate: RATE, samples });
    }
  };
}

/** The audio of stored segments, in order of position. */
export function samplesOf(store: MemoryStore, segments: readonly SegmentEntry[]): Int16Array {
  const inOrder = [...segments].sort((a, b) => a.firstSample - b.firstSample);
  const bytes = Buffer.concat(
    inOrder.map(({ key }) => store.objects.get(key)?.subarray(44) ?? Buffer.alloc(0)),
  );
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
