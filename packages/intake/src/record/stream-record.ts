import type { Gap, ProcessingIssue, SegmentEntry, StreamRecord, TrackCoverage } from '@earshot/protocol';
import type { Archive } from '../archive/archive.ts';
import type { ClosedBy, ConnectionEnd, StreamFormat, StreamStats, Transport } from '../ports.ts';
import type { TrackLine } from '../tenure/track-line.ts';
import type { GapLedger } from './gap-ledger.ts';

/** The format of a stream whose sender ended, or was lost, before it could be told. */
export const UNKNOWN_FORMAT: StreamFormat = {
  dialect: 'unknown',
  encoding: 'unknown',
  bigEndian: null,
  callId: null,
  providerStreamId: null,
};

/** What the connections of a session on this node said of themselves, taken together. */
export class ConnectionSummary {
  readonly startedAt: string;
  connections = 0;
  transport: Transport;
  format: StreamFormat = UNKNOWN_FORMAT;
  stats: StreamStats = {
    frames: 0,
    malformedFrames: 0,
    duplicateFrames: 0,
    reorderedFrames: 0,
    oddBytes: 0,
  };

  constructor(startedAt: string, transport: Transport) {
    this.startedAt = startedAt;
    this.transport = transport;
  }

  joined(transport: Transport): void {
    this.connections += 1;
    this.transport = transport;
  }

  left({ format, stats }: Pick<ConnectionEnd, 'format' | 'stats'>): void {
    if (format.dialect !== UNKNOWN_FORMAT.dialect) this.format = format;
    this.stats = {
      frames: this.stats.frames + stats.frames,
      malformedFrames: this.stats.malformedFrames + stats.malformedFrames,
      duplicateFrames: this.stats.duplicateFrames + stats.duplicateFrames,
      reorderedFrames: this.stats.reorderedFrames + stats.reorderedFrames,
      oddBytes: this.stats.oddBytes + stats.oddBytes,
    };
  }
}

/** Everything that a record is made of. */
export interface RecordParts {
  readonly epoch: number;
  /** The first epoch that the record accounts for. */
  readonly fromEpoch: number | undefined;
  readonly closedBy: ClosedBy;
  readonly endedAt: Date;
  readonly summary: ConnectionSummary;
  readonly archive: Archive;
  readonly gaps: GapLedger;
  readonly lines: readonly TrackLine[];
  readonly warnings: readonly ProcessingIssue[];
}

/** What a session's stay on this node left in storage. */
export function streamRecord(parts: RecordParts): StreamRecord {
  const { summary, archive } = parts;
  const gaps = parts.gaps.placed(archive.relocations);
  const digests = archive.digests();
  return {
    v: 1,
    epoch: parts.epoch,
    transport: summary.transport,
    ...summary.format,
    startedAt: summary.startedAt,
    endedAt: parts.endedAt.toISOString(),
    closedBy: parts.closedBy,
    ...summary.stats,
    segments: inOrder(archive.stored),
    gaps,
    coverage: coverageOf(parts.lines, gaps),
    warnings: [...parts.warnings, ...archive.issues()],
    ...(summary.connections > 0 ? { connections: summary.connections } : {}),
    ...(parts.fromEpoch === undefined ? {} : { fromEpoch: parts.fromEpoch }),
    ...(digests.length > 0 ? { digests } : {}),
  };
}

/** The ledger of each line: received = stored + gaps. */
function coverageOf(lines: readonly TrackLine[], gaps: readonly Gap[]): TrackCoverage[] {
  return lines.map(({ track, sampleRate, received }) => {
    const own = gaps.filter((gap) => gap.track === track);
    const gapSamples = Math.min(
      received,
      own.reduce((sum, gap) => sum + gap.to - gap.from, 0),
    );
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
function inOrder(segments: readonly SegmentEntry[]): SegmentEntry[] {
  return [...segments].sort((a, b) => a.track.localeCompare(b.track) || a.index - b.index);
}
