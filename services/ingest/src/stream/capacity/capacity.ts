import type { JournalState } from '@earshot/journal';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { z } from 'zod';

/** What can keep a node from taking another stream. */
const LimitedBy = z.enum(['max_streams', 'disk', 'journal', 'memory', 'event_loop', 'draining']);
type LimitedBy = z.infer<typeof LimitedBy>;

/** What `/capacity` answers. */
export const Capacity = z.object({
  /** Streams open or being opened. */
  live: z.int().min(0),
  max: z.int().min(0),
  /** How many more this node takes now. */
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
}

/** How busy the process is. */
export interface ProcessLoad {
  /** Median lateness of the event loop over the last seconds, ms. */
  readonly eventLoopMs: number;
  /** Used share of the heap's limit, 0..1. */
  readonly heapShare: number;
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
/** The rest is for the streams that are here already. */
const FULL_HEAP_SHARE = 0.9;

/** How many more streams a node takes, and what limits it. */
export function capacityOf(figures: NodeFigures): Capacity {
  const { live, maxLiveStreams: max, journal, backlogBytes } = figures;
  const limitedBy = limitOf(figures);
  return {
    live,
    max,
    available: limitedBy === null ? max - live : 0,
    limited_by: limitedBy,
    journal: {
      state: journal.state,
      free_bytes: Math.max(0, journal.freeBytes),
      unsynced_bytes: Math.max(0, journal.unsyncedBytes),
    },
    backlog_bytes: Math.max(0, backlogBytes),
  };
}

function limitOf({ live, maxLiveStreams, draining, journal, process }: NodeFigures): LimitedBy | null {
  if (draining) return 'draining';
  if (journal.state === 'failed') return 'journal';
  if (journal.state !== 'ok') return 'disk';
  if (journal.unsyncedBytes > LIMITS.journalMaxUnsyncedBytes) return 'journal';
  if (process.heapShare > FULL_HEAP_SHARE) return 'memory';
  if (process.eventLoopMs > LATE_LOOP_MS) return 'event_loop';
  return live >= maxLiveStreams ? 'max_streams' : null;
}

const REFUSALS: Readonly<Record<LimitedBy, () => EarshotError>> = {
  max_streams: () => unavailable('This server feeds as many streams as it can.'),
  disk: () => new EarshotError('insufficient_storage'),
  journal: () => unavailable('The disk of this server is behind.'),
  memory: () => unavailable('This server is short of memory.'),
  event_loop: () => unavailable('This server is too busy.'),
  draining: () => new EarshotError('shutting_down'),
};

/** What a client is told that comes while a node takes no stream. */
export function refusalFor(limitedBy: LimitedBy): EarshotError {
  return REFUSALS[limitedBy]();
}

function unavailable(message: string): EarshotError {
  return new EarshotError('service_unavailable', { message });
}
