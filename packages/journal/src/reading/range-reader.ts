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
/** What was written this lately is taken to be in the system's memory, bytes. */
const RECENT_BYTES = 268_435_456;
/** Recent records read at once before anything else may run. */
const SLICE = 64;
/** A slice that takes longer was not in memory: the rest is read the other way, ms. */
const SLOW_SLICE_MS = 8;
const SCRATCH_BYTES = 65_536;

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

export interface RangeReaderDeps {
  readonly files: FileSet;
  readonly whenStored: () => Promise<void>;
  /** Bytes appended to the journal by this process. */
  readonly appended: () => number;
  readonly elapsedMs: () => number;
}

/** Where what is read goes: audio of the track from a position on. */
interface Target {
  readonly track: HeldTrack;
  readonly out: Uint8Array;
  readonly from: number;
  readonly damaged: JournalRange[];
}

/** Reads audio back from the files, and checks every record that it touches. */
export class RangeReader {
  readonly #deps: RangeReaderDeps;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  constructor(deps: RangeReaderDeps) {
    this.#deps = deps;
  }

  /** Fills `pcm` with PCM16LE from a position on, zeros in gaps; what is not on disk yet is waited for. */
  async read(track: HeldTrack, from: number, pcm: Uint8Array): Promise<void> {
    if (from + pcm.length / 2 > track.durable) await this.#deps.whenStored();
    try {
      await this.#readOnce(track, from, pcm);
    } catch (error) {
      // What two reads find damaged is damaged on the disk, not on its way from there.
      if (!(error instanceof JournalDamaged)) throw error;
      await this.#readOnce(track, from, pcm);
    }
  }

  async #readOnce(track: HeldTrack, from: number, pcm: Uint8Array): Promise<void> {
    const target = { track, out: pcm, from, damaged: [] };
    const groups = this.#groups(track, from, from + pcm.length / 2);
    pcm.fill(0);
    const work = groups.filter((group) => !this.#isRecent(group))[Symbol.iterator]();
    const failures: unknown[] = [];
    const runner = async () => {
      for (const group of work) {
        if (failures.length > 0) return;
        await readGroup(group, target).catch((error: unknown) => failures.push(error));
      }
    };
    // All reads are over before one of them is told of: the memory is the caller's again.
    await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, groups.length) }, runner));
    if (failures.length > 0) throw failures[0];
    await this.#readRecent(
      groups.filter((group) => this.#isRecent(group)),
      target,
    );
    throwDamage(target);
  }

  /** The payload of one record; the track need not list it any more. */
  async readRecord(
    track: HeldTrack,
    entry: { readonly file: number; readonly at: number; readonly first: number; readonly samples: number },
  ): Promise<Buffer> {
    const { first, samples } = entry;
    const piece = { at: entry.at, bytes: RECORD_HEAD_BYTES + samples * 2, from: first, to: first + samples };
    const target = { track, out: Buffer.alloc(samples * 2), from: first, damaged: [] };
    await readGroup({ file: this.#deps.files.bySequence.get(entry.file), pieces: [piece] }, target);
    throwDamage(target);
    return target.out;
  }

  #isRecent({ file }: PieceGroup): boolean {
    if (file?.bornAt === undefined || file.handle?.readNow === undefined) return false;
    return this.#deps.appended() - file.bornAt < RECENT_BYTES;
  }

  /** Reads at once, a slice at a time; the first read of each lets everything else go on. */
  async #readRecent(groups: readonly PieceGroup[], target: Target): Promise<void> {
    let quick = true;
    for (let at = 0; at < groups.length; at += SLICE) {
      const [first, ...rest] = groups.slice(at, at + SLICE);
      if (first !== undefined) await readGroup(first, target);
      const begunMs = this.#deps.elapsedMs();
      for (const group of rest) {
        if (!quick || !this.#readGroupNow(group, target)) await readGroup(group, target);
      }
      quick &&= this.#deps.elapsedMs() - begunMs < SLOW_SLICE_MS;
    }
  }

  #readGroupNow(group: PieceGroup, target: Target): boolean {
    const { begin, length } = spanOf(group);
    const handle = group.file?.handle;
    if (handle?.readNow === undefined || length > SCRATCH_BYTES) return false;
    try {
      const read = handle.readNow(this.#scratch.subarray(0, length), begin);
      if (read < length) return false;
    } catch {
      return false;
    }
    take(this.#scratch.subarray(0, length), group, target);
    return true;
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
        groups.push({ file: this.#deps.files.bySequence.get(sequence), pieces: [] });
      }
      groups.at(-1)?.pieces.push(piece);
      end = at + piece.bytes;
    }
    return groups;
  }
}

async function readGroup(group: PieceGroup, target: Target): Promise<void> {
  const { begin, length } = spanOf(group);
  const bytes = Buffer.allocUnsafe(length);
  const read = await readInto(group.file, bytes, begin);
  take(bytes.subarray(0, read), group, target);
}

function spanOf({ pieces }: PieceGroup): { readonly begin: number; readonly length: number } {
  const begin = pieces[0]?.at ?? 0;
  const last = pieces.at(-1);
  return { begin, length: last === undefined ? 0 : last.at + last.bytes - begin };
}

function throwDamage({ damaged }: Target): void {
  if (damaged.length > 0) throw new JournalDamaged(damaged.sort((a, b) => a.from - b.from));
}

/** Copies what is wanted of the records in `bytes` to the target. */
function take(bytes: Buffer, { file, pieces }: PieceGroup, target: Target): void {
  const begin = pieces[0]?.at ?? 0;
  const { track } = target;
  for (const piece of pieces) {
    const audio = file && audioOf(bytes, { track, file, piece, begin });
    if (audio === undefined) target.damaged.push(track.range(piece.from, piece.to));
    else target.out.set(audio, (piece.from - target.from) * 2);
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
