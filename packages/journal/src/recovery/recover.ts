import type { JournalDisk } from '../disk.ts';
import { type FileLink, HEADER_AREA_BYTES } from '../format/file-header.ts';
import { RECORD_HEAD_BYTES } from '../format/record.ts';
import type { FileSet } from '../held/file-set.ts';
import { JournalFile } from '../held/journal-file.ts';
import type { JournalRange } from '../journal.ts';
import { extentOf } from './extent.ts';
import { checkLedger, missingFile } from './files/file-ledger.ts';
import { closeAll, type FoundFile, findFiles, readAll } from './files/found-file.ts';
import { checkLinks } from './files/links.ts';
import type { FoundStream } from './found-stream.ts';
import { settleTrack } from './holes.ts';
import { Replay } from './replay.ts';
import { scan } from './scan.ts';

/** A range of bytes of a file. */
interface FileDamage {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** The stream whose payload is hit, if that is known. */
  readonly stream: number | undefined;
}

export interface RecoveredFile {
  readonly file: JournalFile;
  /** Bytes at or above are written again elsewhere and then cut off. */
  readonly sureBytes: number;
  readonly bytes: number;
}

/** What a folder holds. */
export interface Found {
  readonly streams: readonly {
    readonly found: FoundStream;
    readonly damaged: readonly JournalRange[];
    readonly endInDoubt: boolean;
  }[];
  readonly files: readonly RecoveredFile[];
  readonly damage: readonly FileDamage[];
  readonly tornBytes: number;
  readonly nextStream: number;
  /** Files to be removed once everything else is durable. */
  readonly leftovers: readonly string[];
}

/** Reads what an earlier process left, and changes nothing but the removal of a newest file that was never begun. */
export async function recover(disk: JournalDisk, files: FileSet): Promise<Found> {
  const found = await findFiles(disk);
  try {
    const usable = await withoutUnbegun(disk, found);
    return await new Recovering(files, usable).run();
  } catch (error) {
    await closeAll(found);
    throw error;
  }
}

/** A crash while a file was made leaves a newest file with no more than a part of its header. */
async function withoutUnbegun(disk: JournalDisk, found: readonly FoundFile[]): Promise<readonly FoundFile[]> {
  const newest = found.at(-1);
  if (newest === undefined || newest.header !== undefined || newest.bytes > HEADER_AREA_BYTES) return found;
  await newest.handle.close();
  await disk.remove(newest.name);
  await disk.syncFolder();
  return found.slice(0, -1);
}

class Recovering {
  readonly #files: FileSet;
  readonly #found: readonly FoundFile[];
  readonly #replay = new Replay();
  readonly #damage: FileDamage[] = [];
  readonly #recovered: RecoveredFile[] = [];
  #tornBytes = 0;
  #nextStream = 1;

  constructor(files: FileSet, found: readonly FoundFile[]) {
    this.#files = files;
    this.#found = found;
  }

  async run(): Promise<Found> {
    const links = checkLinks(this.#found);
    const { leftovers, missing } = await checkLedger(this.#found);
    const last = this.#found.findLast(({ header }) => header !== undefined);
    await closeAll(leftovers);
    for (const found of this.#found) {
      this.#files.skipSequence(found.sequence);
      if (leftovers.includes(found)) {
        this.#files.leftovers.set(found.sequence, found.header?.check ?? 0);
        continue;
      }
      while ((missing[0] ?? Number.POSITIVE_INFINITY) < found.sequence) this.#miss(missing);
      if (found.header === undefined) await this.#refuse(found);
      else await this.#take(found, found.header, { link: links.get(found), isLast: found === last });
    }
    for (const { file, record } of this.#replay.settleOrphans()) {
      const to = record.at + RECORD_HEAD_BYTES + record.length;
      this.#damage.push({ file: file.name, from: record.at, to, stream: undefined });
    }
    closeReplaced(this.#replay.streams.values());
    const streams = [...this.#replay.streams.values()].map((found) => this.#settle(found));
    const erased = new Set(
      streams.filter(({ found }) => found.state.erased).map(({ found }) => found.state.number),
    );
    return {
      streams,
      files: this.#recovered,
      damage: this.#damage.filter(({ stream }) => stream === undefined || !erased.has(stream)),
      tornBytes: this.#tornBytes,
      leftovers: leftovers.map(({ name }) => name),
      nextStream: Math.max(this.#nextStream, ...[...this.#replay.streams.keys()].map((number) => number + 1)),
    };
  }

  #miss(missing: number[]): void {
    const sequence = missing.shift();
    if (sequence === undefined) return;
    this.#damage.push(missingFile(sequence));
    this.#replay.doubt();
  }

  /** Kept as it is for a person to look at, but nothing of it is used. */
  async #refuse(found: FoundFile): Promise<void> {
    this.#damage.push({ file: found.name, from: 0, to: found.bytes, stream: undefined });
    this.#files.unusable.set(found.sequence, found.bytes);
    this.#replay.doubt();
    await found.handle.close();
  }

  async #take(
    found: FoundFile,
    header: NonNullable<FoundFile['header']>,
    place: { readonly link: FileLink | undefined; readonly isLast: boolean },
  ): Promise<void> {
    const bytes = await readAll(found.handle, found.bytes);
    const extent = extentOf(
      { header, bytes: bytes.length, isLast: place.isLast },
      scan(bytes, header),
      place.link,
    );
    const file = new JournalFile(header, extent.sureBytes);
    file.handle = found.handle;
    file.made = true;
    file.lastCheck = extent.lastCheck;
    this.#files.adopt(file);
    this.#nextStream = Math.max(this.#nextStream, header.firstStream);
    const lostAt = extent.damage.filter(({ stream }) => stream === undefined).map(({ from }) => from);
    this.#replay.file({ file, bytes, records: extent.records, sureBytes: extent.sureBytes }, lostAt);
    this.#recovered.push({ file, sureBytes: extent.sureBytes, bytes: bytes.length });
    this.#damage.push(
      ...extent.damage.map(({ from, to, stream }) => ({ file: found.name, from, to, stream })),
    );
    if (place.isLast) this.#tornBytes = Math.max(0, bytes.length - extent.cutAt);
  }

  #settle(found: FoundStream): Found['streams'][number] {
    const { state } = found;
    const damaged: JournalRange[] = [];
    const { doubtAt } = this.#replay;
    let endInDoubt = found.seen < doubtAt && found.tracks.size === 0;
    for (const track of found.tracks.values()) {
      const { held } = track;
      if (state.closed) held.records.release(Number.POSITIVE_INFINITY, () => undefined);
      else damaged.push(...settleTrack(track));
      endInDoubt ||= track.seen < doubtAt;
      for (let index = held.records.head; index < held.records.tail; index += 1) {
        const file = this.#files.bySequence.get(held.records.file(index));
        if (file !== undefined) file.held += 1;
      }
    }
    return { found, damaged, endInDoubt };
  }
}

/** A session gets a new stream only when the one before is closed, even if that record is damaged. */
function closeReplaced(streams: Iterable<FoundStream>): void {
  const newest = new Map<string, FoundStream>();
  for (const stream of streams) {
    const { ref, number } = stream.state;
    const key = `${ref.tenant}/${ref.sessionId}`;
    const other = newest.get(key);
    if (other === undefined || other.state.number < number) newest.set(key, stream);
    if (other !== undefined) (other.state.number < number ? other : stream).state.closed = true;
  }
}
