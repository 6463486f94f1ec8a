import type { JournalState } from '@earshot/journal';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { z } from 'zod';

/** What can keep a node from taking another stream. */
const LimitedBy = z.enum(['max_streams', 'disk', 'journal', 'memory', 'event_loop', 'processor', 'draining']);
type LimitedBy = z.infer<typeof LimitedBy>;

/** What `/capacity` answers. */
export const Capacity = z.object({
  /** Streams open or being opened. */
  live: z.int().min(0),
  max: z.int().min(0),
  /** How many more this node takes now, by what its streams cost it. */
  available: z.int().min(0),
  /** What keeps `available` at 0, null while there is room. */
  limited_by: LimitedBy.nullable(),
  journal: z.object({
    state: z.enum(['ok', 'low', 'full', 'failed']),
    free_bytes: z.number().min(0),
    unsynced_bytes: z.number().min(0),
  }),
  /** Audio on this node's disk that waits for the object store. */
  backlog_bytes: z.number().min(0),
  /** Each process of a service that has several. */
  processes: z
    .array(z.object({ live: z.int().min(0), available: z.int().min(0), limited_by: LimitedBy.nullable() }))
    .optional(),
});
export type Capacity = z.infer<typeof Capacity>;

/** How the disk under the journal is doing. */
export interface JournalLoad {
  readonly state: JournalState;
  readonly freeBytes: number;
  readonly unsyncedBytes: number;
  /** What a commit took over the last seconds, median, ms: what a durable acknowledgement waits for. */
  readonly commitMs: number;
}

/** How busy the process is. */
export interface ProcessLoad {
  /** Median lateness of the event loop over the last seconds, ms. */
  readonly eventLoopMs: number;
  /** Share of the last seconds in which the event loop was at work, 0..1. */
  readonly utilization: number;
  /** Used share of the memory that the process may use, 0..1. */
  readonly memoryShare: number;
}

/** Everything that decides whether a node takes another stream. */
export interface NodeFigures {
  readonly live: number;
  readonly maxLiveStreams: number;
  readonly draining: boolean;
  readonly backlogBytes: number;
  readonly journal: JournalLoad;
  readonly process: ProcessLoad;
}

/** Above this the loop serves nobody in time; a busy second on a small machine stays well below. */
const LATE_LOOP_MS = 250;
/** A loop without a pause that is also late; a burst of requests alone does not make it late. */
const FULL_LOOP = 0.95;
const FULL_LOOP_LATE_MS = 70;
/** Up to this share of a loop is filled with streams of the cost of those that are there. */
const PLANNED_LOOP = 0.85;
/** With fewer streams what they cost cannot be told from what else is done. */
const TELLING_STREAMS = 50;
/** The rest is for the streams that are here already. */
const FULL_MEMORY_SHARE = 0.9;
/** A disk that takes longer for each commit carries what it has, but no more. */
const LATE_COMMIT_MS = 1000;

/** How many more streams a node takes, and what limits it. */
export function capacityOf(figures: NodeFigures): Capacity {
  const { live, maxLiveStreams: max, journal, backlogBytes } = figures;
  const limitedBy = limitOf(figures);
  return {
    live,
    max,
    available: limitedBy === null ? Math.min(max - live, roomByLoad(figures)) : 0,
    limited_by: limitedBy,
    journal: {
      state: journal.state,
      free_bytes: Math.max(0, journal.freeBytes),
      unsynced_bytes: Math.max(0, journal.unsyncedBytes),
    },
    backlog_bytes: Math.max(0, backlogBytes),
  };
}

/** Streams that the loop has time for if they cost what the present ones cost; one at least, as nothing limits it yet. */
function roomByLoad({ live, process: { utilization } }: NodeFigures): number {
  if (live < TELLING_STREAMS || utilization <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(live * (PLANNED_LOOP / utilization - 1)));
}

function limitOf({ live, maxLiveStreams, draining, journal, process }: NodeFigures): LimitedBy | null {
  if (draining) return 'draining';
  if (journal.state === 'failed') return 'journal';
  if (journal.state !== 'ok') return 'disk';
  if (journal.unsyncedBytes > LIMITS.journalMaxUnsyncedBytes) return 'journal';
  if (journal.commitMs > LATE_COMMIT_MS) return 'journal';
  if (process.memoryShare > FULL_MEMORY_SHARE) return 'memory';
  if (process.eventLoopMs > LATE_LOOP_MS) return 'event_loop';
  if (process.utilization > FULL_LOOP && process.eventLoopMs > FULL_LOOP_LATE_MS) return 'processor';
  return live >= maxLiveStreams ? 'max_streams' : null;
}

const REFUSALS: Readonly<Record<LimitedBy, () => EarshotError>> = {
  max_streams: () => unavailable('This server feeds as many streams as it can.'),
  disk: () => new EarshotError('insufficient_storage'),
  journal: () => unavailable('The disk of this server is behind.'),
  memory: () => unavailable('This server is short of memory.'),
  event_loop: () => unavailable('This server is too busy.'),
  processor: () => unavailable('This server is too busy.'),
  draining: () => new EarshotError('shutting_down'),
};

/** What a client is told that comes while a node takes no stream. */
export function refusalFor(limitedBy: LimitedBy): EarshotError {
  return REFUSALS[limitedBy]();
}

function unavailable(message: string): EarshotError {
  return new EarshotError('service_unavailable', { message });
}
