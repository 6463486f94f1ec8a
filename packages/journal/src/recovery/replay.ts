import { type FoundRecord, RECORD, RECORD_HEAD_BYTES } from '../format/record.ts';
import { decodeStream, type ToldStream } from '../format/stream-json.ts';
import type { JournalFile } from '../held/journal-file.ts';
import { StreamState } from '../held/stream-state.ts';
import { FoundStream } from './found-stream.ts';

/** One file to replay. */
export interface ReplayFile {
  readonly file: JournalFile;
  readonly bytes: Buffer;
  readonly records: readonly FoundRecord[];
  readonly sureBytes: number;
}

/** A record at its place; an orphan when nothing explained its stream so far. */
interface PlacedRecord {
  readonly file: JournalFile;
  readonly record: FoundRecord;
  readonly step: number;
}

/** Applies the records of all files, oldest first. */
export class Replay {
  readonly streams = new Map<number, FoundStream>();
  #orphans: PlacedRecord[] = [];
  #step = 0;
  /** The last step at which records of unknown streams were lost. */
  doubtAt = -1;

  file({ file, bytes, records, sureBytes }: ReplayFile, lostAt: readonly number[]): void {
    let lost = 0;
    for (const record of records) {
      while (lost < lostAt.length && (lostAt[lost] ?? 0) <= record.at) {
        this.doubt();
        lost += 1;
      }
      this.#step += 1;
      const stream = this.#streamOf(record, bytes, file);
      if (stream === undefined) continue;
      if (record.at >= sureBytes) stream.unsure = true;
      stream.state.epoch = Math.max(stream.state.epoch, record.epoch);
      this.#apply(stream, { file, record, step: this.#step }, stream.state.epoch);
    }
    if (lost < lostAt.length) this.doubt();
  }

  /** Records were lost here, nobody can tell whose. */
  doubt(): void {
    this.#step += 1;
    this.doubtAt = this.#step;
  }

  /**
   * Hands records to streams that were explained only behind them; what is left belongs to nobody. They came before
   * the epochs that the explanation tells.
   */
  settleOrphans(): readonly PlacedRecord[] {
    const orphans = this.#orphans;
    this.#orphans = [];
    const epochs = new Map<FoundStream, number>();
    return orphans.filter((orphan) => {
      const stream = this.streams.get(orphan.record.stream);
      if (stream === undefined) return true;
      const epoch = Math.max(epochs.get(stream) ?? 0, orphan.record.epoch);
      epochs.set(stream, epoch);
      this.#apply(stream, orphan, epoch);
      return false;
    });
  }

  #streamOf(record: FoundRecord, bytes: Buffer, file: JournalFile): FoundStream | undefined {
    if (record.type === RECORD.marker || record.type === RECORD.files) return undefined;
    const told = record.type === RECORD.stream && record.whole ? toldBy(record, bytes) : undefined;
    let stream = this.streams.get(record.stream);
    if (stream === undefined && told !== undefined) {
      stream = new FoundStream(new StreamState(record.stream, told.ref));
      this.streams.set(record.stream, stream);
    }
    if (stream === undefined) {
      if (record.type !== RECORD.stream) this.#orphans.push({ file, record, step: this.#step });
      return undefined;
    }
    if (told !== undefined) this.#tell(stream, told, record);
    return stream;
  }

  #tell(stream: FoundStream, told: ToldStream, record: FoundRecord): void {
    const { state } = stream;
    if (told.ref.tenant !== state.ref.tenant || told.ref.sessionId !== state.ref.sessionId) return;
    for (const track of told.tracks) stream.tell(track, this.#step);
    state.closed ||= told.closed;
    state.erased ||= told.erased;
    if (record.epoch < state.epoch) return;
    state.epoch = record.epoch;
    state.meta = told.meta;
  }

  #apply(stream: FoundStream, { file, record, step }: PlacedRecord, epoch: number): void {
    const { state } = stream;
    stream.seen = Math.max(stream.seen, step);
    if (stream.lastFile !== file) {
      stream.lastFile = file;
      state.files.add(file);
      file.streams.add(state);
    }
    if (record.type === RECORD.audio) file.audioBytes += record.length;
    // A writer of an older epoch was refused when this came: it cannot have been acknowledged.
    const fenced = record.epoch < epoch;
    if ((record.type === RECORD.audio || record.type === RECORD.gap) && !fenced) {
      stream.cover(record, file.sequence, step);
    } else if (record.type === RECORD.release) stream.release(record, step);
    else if (record.type === RECORD.close) state.closed = true;
    else if (record.type === RECORD.erase) {
      state.closed = true;
      state.erased = true;
    }
  }
}

function toldBy(record: FoundRecord, bytes: Buffer): ToldStream | undefined {
  const from = record.at + RECORD_HEAD_BYTES;
  return decodeStream(bytes.subarray(from, from + record.length));
}
