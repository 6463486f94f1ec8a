import type { Gap, ProcessingIssue, SegmentEntry, StreamRecord, TrackCoverage } from '@earshot/protocol';
import type { ClosedBy } from '../context/ports.ts';
import type { TrackLine } from './track-line.ts';

/** What told us how to read the stream; ids of the platform are metadata only. */
export interface StreamFormat {
  readonly dialect: string;
  readonly encoding: string;
  readonly bigEndian: boolean | null;
  readonly callId: string | null;
  readonly providerStreamId: string | null;
}

/** The format of a connection that ended before it could be told. */
export const UNKNOWN_FORMAT: StreamFormat = {
  dialect: 'unknown',
  encoding: 'unknown',
  bigEndian: null,
  callId: null,
  providerStreamId: null,
};

export type StreamStats = Pick<
  StreamRecord,
  'frames' | 'malformedFrames' | 'duplicateFrames' | 'reorderedFrames' | 'oddBytes'
>;

/** How a connection ended. */
export interface StreamEnd {
  readonly closedBy: ClosedBy;
  readonly format: StreamFormat;
  readonly stats: StreamStats;
  /** How long the tail is offered to storage, ms. */
  readonly flushMs: number;
}

/** What an ended connection left in storage. */
export interface StreamOutcome {
  readonly record: StreamRecord;
  /** True when every sample and the record itself are stored. */
  readonly safe: boolean;
}

/** The ledger of each line: received = stored + gaps. */
export function coverageOf(lines: Iterable<TrackLine>, gaps: readonly Gap[]): TrackCoverage[] {
  return [...lines].map(({ track, sampleRate, received }) => {
    const own = gaps.filter((gap) => gap.track === track);
    const gapSamples = own.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const storedSamples = received - gapSamples;
    return {
      track,
      sampleRate,
      receivedSamples: received,
      storedSamples,
      gapSamples,
      seconds: received / sampleRate,
      ratio: received === 0 ? 1 : storedSamples / received,
    };
  });
}

/** Segments by track, then in order of time. */
export function inOrder(segments: readonly SegmentEntry[]): SegmentEntry[] {
  return [...segments].sort((a, b) => a.track.localeCompare(b.track) || a.index - b.index);
}

/** Keeps the first warnings of a connection and counts the rest. */
export class WarningList {
  readonly #issues: ProcessingIssue[] = [];
  readonly #limit: number;
  #more = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(issue: ProcessingIssue): void {
    if (this.#issues.length < this.#limit) this.#issues.push(issue);
    else this.#more += 1;
  }

  all(): ProcessingIssue[] {
    if (this.#more === 0) return [...this.#issues];
    const message = 'There were more warnings than are kept.';
    return [...this.#issues, { type: 'more_warnings', message, details: { count: this.#more } }];
  }
}
