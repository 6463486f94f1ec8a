import { readWhole } from '../disk/whole.ts';
import { JournalDamaged } from '../errors.ts';
import { RECORD, RECORD_HEAD_BYTES, readPayload, readRecord } from '../format/record.ts';
import type { FileSet } from '../held/file-set.ts';
import type { JournalFile } from '../held/journal-file.ts';
import type { HeldTrack } from '../held/stream-state.ts';
import type { JournalRange } from '../journal.ts';

/** Records of one file that are this near to each other are read in one go, bytes. */
const BRIDGE_BYTES = 16_384;
/** … but no more than this at once, bytes. */
const READ_BYTES = 1_048_576;
/** Reads under way for one range. */
const PARALLEL_READS = 16;

/** One record to read, and how much of it is wanted. */
interface Piece {
  readonly at: number;
  readonly bytes: number;
  /** Positions wanted. */
  readonly from: number;
  readonly to: number;
}

interface PieceGroup {
  readonly file: JournalFile | undefined;
  readonly pieces: Piece[];
}

/** Reads audio back from the files, and checks every record that it touches. */
export class RangeReader {
  readonly #files: FileSet;
  readonly #whenStored: () => Promise<void>;

  constructor(files: FileSet, whenStored: () => Promise<void>) {
    this.#files = files;
    this.#whenStored = whenStored;
  }

  /** PCM16LE of [from, to) with zeros in gaps; what is not on disk yet is waited for. */
  async read(track: HeldTrack, from: number, to: number): Promise<Buffer> {
    if (to > track.durable) await this.#whenStored();
    try {
      return await this.#readOnce(track, from, to);
    } catch (error) {
      // What two reads find damaged is damaged on the disk, not on its way from there.
      if (!(error instanceof JournalDamaged)) throw error;
      return await this.#readOnce(track, from, to);
    }
  }

  async #readOnce(track: HeldTrack, from: number, to: number): Promise<Buffer> {
    const out = Buffer.alloc((to - from) * 2);
    const groups = this.#groups(track, from, to);
    const damaged: JournalRange[] = [];
    const work = groups[Symbol.iterator]();
    const runner = async () => {
      for (const group of work) await this.#readGroup(track, group, { out, from, damaged });
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, groups.length) }, runner));
    if (damaged.length > 0) throw new JournalDamaged(damaged.sort((a, b) => a.from - b.from));
    return out;
  }

  /** The payload of one record; the track need not list it any more. */
  async readRecord(
    track: HeldTrack,
    entry: { readonly file: number; readonly at: number; readonly first: number; readonly samples: number },
  ): Promise<Buffer> {
    const { first, samples } = entry;
    const piece = { at: entry.at, bytes: RECORD_HEAD_BYTES + samples * 2, from: first, to: first + samples };
    const into = { out: Buffer.alloc(samples * 2), from: first, damaged: [] as JournalRange[] };
    await this.#readGroup(track, { file: this.#files.bySequence.get(entry.file), pieces: [piece] }, into);
    if (into.damaged.length > 0) throw new JournalDamaged(into.damaged);
    return into.out;
  }

  #groups(track: HeldTrack, from: number, to: number): PieceGroup[] {
    const { records } = track;
    const groups: PieceGroup[] = [];
    let sequence = -1;
    let begin = 0;
    let end = 0;
    for (let index = records.find(from); index < records.tail && records.first(index) < to; index += 1) {
      if (records.reason(index) !== 0) continue;
      const at = records.at(index);
      const piece = {
        at,
        bytes: RECORD_HEAD_BYTES + records.samples(index) * 2,
        from: Math.max(from, records.first(index)),
        to: Math.min(to, records.end(index)),
      };
      const near = at >= end && at - end <= BRIDGE_BYTES && at + piece.bytes - begin <= READ_BYTES;
      if (sequence !== records.file(index) || !near) {
        sequence = records.file(index);
        begin = at;
        groups.push({ file: this.#files.bySequence.get(sequence), pieces: [] });
      }
      groups.at(-1)?.pieces.push(piece);
      end = at + piece.bytes;
    }
    return groups;
  }

  async #readGroup(
    track: HeldTrack,
    group: PieceGroup,
    into: { readonly out: Buffer; readonly from: number; readonly damaged: JournalRange[] },
  ): Promise<void> {
    const { file, pieces } = group;
    const begin = pieces[0]?.at ?? 0;
    const last = pieces.at(-1);
    const bytes = Buffer.allocUnsafe(last === undefined ? 0 : last.at + last.bytes - begin);
    const read = await readInto(file, bytes, begin);
    for (const piece of pieces) {
      const audio = file && audioOf(bytes.subarray(0, read), { track, file, piece, begin });
      if (audio === undefined) into.damaged.push(track.range(piece.from, piece.to));
      else audio.copy(into.out, (piece.from - into.from) * 2);
    }
  }
}

/** The bytes there are; rejects when the disk cannot be read, which need not last. */
async function readInto(file: JournalFile | undefined, bytes: Buffer, at: number): Promise<number> {
  if (file?.handle === undefined) return 0;
  file.readers += 1;
  try {
    return await readWhole(file.handle, bytes, at);
  } finally {
    file.readers -= 1;
    if (file.removed) await file.leave();
  }
}

/** The wanted samples of a record, if it is the right one and whole. */
function audioOf(
  bytes: Buffer,
  where: {
    readonly track: HeldTrack;
    readonly file: JournalFile;
    readonly piece: Piece;
    readonly begin: number;
  },
): Buffer | undefined {
  const { track, file, piece, begin } = where;
  const { secret } = file.header;
  const record = readRecord(bytes, piece.at - begin, secret);
  if (record?.type !== RECORD.audio || record.stream !== track.stream.number) return undefined;
  if (record.track !== track.code || record.first > piece.from || record.first + record.count < piece.to)
    return undefined;
  const from = (piece.from - record.first) * 2;
  return readPayload(bytes, record, secret)?.subarray(from, from + (piece.to - piece.from) * 2);
}
