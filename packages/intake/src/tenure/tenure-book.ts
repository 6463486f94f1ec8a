import type { JournalStream } from '@earshot/journal';
import type { Gap, ProcessingIssue, StreamRecord } from '@earshot/protocol';
import type { Archive } from '../archive/archive.ts';
import type { JournalAudio } from '../archive/journal-audio.ts';
import type { Relocation } from '../archive/segment-lane.ts';
import type { PendingSegment } from '../archive/segment-object.ts';
import type { IntakeContext } from '../context.ts';
import type { ClosedBy } from '../ports.ts';
import { GapLedger } from '../record/gap-ledger.ts';
import { ConnectionSummary, streamRecord } from '../record/stream-record.ts';
import { WarningList } from '../record/warning-list.ts';
import type { TenureStart } from './tenure-start.ts';
import type { TrackLine } from './track-line.ts';

/** What is written down of a tenure: gaps, warnings, connections; and the record that is made of it in the end. */
export class TenureBook {
  readonly summary: ConnectionSummary;
  readonly gaps: GapLedger;
  /** Where its segments lie elsewhere in storage than in the journal. */
  readonly relocations: Relocation[];
  /** The first epoch that was fed here. */
  fromEpoch: number | undefined;
  readonly #warnings: WarningList;
  readonly #stream: JournalStream;
  readonly #tell: (issue: ProcessingIssue) => void;
  #described: number;

  /** `tell` passes each warning on to the connection. */
  constructor(context: IntakeContext, start: TenureStart, tell: (issue: ProcessingIssue) => void) {
    this.#stream = start.stream;
    this.#tell = tell;
    this.fromEpoch = start.fromEpoch;
    this.summary = new ConnectionSummary(start.startedAt, start.transport);
    this.#warnings = new WarningList(context.limits.maxStreamWarnings);
    this.gaps = new GapLedger(context.limits.maxStreamGaps, start.gaps);
    this.relocations = [...(start.relocations ?? [])];
    this.#described = this.#countToDescribe();
  }

  warn(issue: ProcessingIssue): void {
    this.#warnings.add(issue);
    this.#tell(issue);
  }

  /** A gap that has its place on the track already. */
  noteGap(gap: Gap): void {
    this.warn({
      type: 'gap',
      message: 'Samples are missing; silence takes their place.',
      details: { ...gap },
    });
  }

  /** What could not be read back of a segment becomes a gap. */
  noteDamage({ track }: PendingSegment, damaged: JournalAudio['damaged']): void {
    for (const range of damaged) this.gaps.damage({ track, ...range });
    if (damaged.length === 0) return;
    this.warn({
      type: 'journal_damage',
      message: 'Audio on the disk of the ingest node was damaged; the missing range is listed as a gap.',
      details: { track },
    });
  }

  /**
   * Tells the journal of gaps, and of where they lie, before their place in it is given up: a crash must not make
   * silence of them, nor hide that other audio stood in the way.
   */
  keepGaps(): void {
    const count = this.#countToDescribe();
    if (count !== this.#described) this.#stream.describe(this.meta());
    this.#described = count;
  }

  #countToDescribe(): number {
    return this.gaps.count + this.relocations.length;
  }

  /** What a recovery is told beside the audio. */
  meta(): Record<string, unknown> {
    const { startedAt, transport } = this.summary;
    const { relocations } = this;
    const told = { startedAt, transport, fromEpoch: this.fromEpoch, gaps: this.gaps.all() };
    return relocations.length === 0 ? told : { ...told, relocations };
  }

  record(end: {
    readonly epoch: number;
    readonly closedBy: ClosedBy;
    readonly endedAt: Date;
    readonly archive: Archive;
    readonly lines: readonly TrackLine[];
  }): StreamRecord {
    const { summary, gaps, fromEpoch } = this;
    return streamRecord({ ...end, fromEpoch, summary, gaps, warnings: this.#warnings.all() });
  }
}
