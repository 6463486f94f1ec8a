/** What a client saw and did, in the order in which it did; positions in samples, times in monotonic ms. */
export type HistoryEvent =
  | { readonly kind: 'connecting'; readonly atMs: number; readonly connection: number; readonly from: number }
  | {
      readonly kind: 'ready';
      readonly atMs: number;
      readonly connection: number;
      readonly epoch: number;
      readonly nextSample: number;
      /** Behind the last sample put on a wire until then. */
      readonly sent: number;
    }
  | ({ readonly kind: 'ack'; readonly atMs: number; readonly connection: number } & AckedPositions)
  | ({ readonly kind: 'segment'; readonly atMs: number; readonly connection: number } & ToldSegment)
  | {
      readonly kind: 'closed';
      readonly atMs: number;
      readonly connection: number;
      /** 0 when the client itself hung up. */
      readonly code: number;
    }
  | { readonly kind: 'ended'; readonly atMs: number };

export interface AckedPositions {
  readonly epoch: number;
  /** Behind the last sample put on a wire until then, by the client's own count. */
  readonly sent: number;
  readonly received: number;
  readonly durable: number;
  readonly archived: number;
}

/** A segment as the server told of it. */
interface ToldSegment {
  readonly firstSample: number;
  readonly samples: number;
  readonly sha256: string;
}

/** Everything that one session's client knows. */
export interface SessionHistory {
  readonly sessionId: string;
  /** Of its computed audio. */
  readonly seed: number;
  readonly sampleRate: number;
  readonly events: readonly HistoryEvent[];
  /** The position behind the last sample that was ever put on a wire. */
  readonly sent: number;
  /** True when the client had a durable ack of everything before it asked for the End: then all of it must be there. */
  readonly whole: boolean;
}

/** A segment as the object store has it. */
export interface StoredSegment {
  readonly index: number;
  readonly firstSample: number;
  readonly sampleRate: number;
  readonly samples: Int16Array;
  /** Of the stored object, hex. */
  readonly sha256: string;
}

/** What is left of a session in the end. */
export interface StoredSession {
  /** `completed` when all is well; undefined when it came to no end. */
  readonly status: string | undefined;
  readonly segments: readonly StoredSegment[];
  /** Samples that the service itself owns up to have lost. */
  readonly gapSamples: number;
  readonly transcripts: number;
}

/** The highest position that a client was ever promised as durable: by an ack, or by a `ready` that needs nothing below it. */
export function durablePosition(events: readonly HistoryEvent[]): number {
  return events.reduce((most, event) => {
    if (event.kind === 'ack') return Math.max(most, event.durable);
    return event.kind === 'ready' ? Math.max(most, Math.min(event.nextSample, event.sent)) : most;
  }, 0);
}

/** Times from the loss of a connection to the next durable ack that moved on, ms. */
export function resumeTimes(events: readonly HistoryEvent[]): number[] {
  const times: number[] = [];
  let lostAt: number | undefined;
  let durable = 0;
  for (const event of events) {
    if (event.kind === 'closed') lostAt ??= event.atMs;
    if (event.kind === 'ended') break;
    if (event.kind !== 'ack' || event.durable <= durable) continue;
    durable = event.durable;
    if (lostAt !== undefined) times.push(event.atMs - lostAt);
    lostAt = undefined;
  }
  return times;
}
