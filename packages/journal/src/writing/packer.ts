import { HEADER_AREA_BYTES } from '../format/file-header.ts';
import { encodeLedger } from '../format/ledger.ts';
import {
  emptyRecord,
  RECORD,
  RECORD_HEAD_BYTES,
  type RecordHead,
  type RecordPlace,
  writeRecord,
} from '../format/record.ts';
import type { FileSet } from '../held/file-set.ts';
import type { JournalFile } from '../held/journal-file.ts';
import type { HeldTrack } from '../held/stream-state.ts';
import { Batch } from './batch.ts';

const CHUNK_BYTES = 262_144;
const SPARE_CHUNKS = 16;
/** Offsets have 32 bits, and the last batch of a file may reach beyond its size. */
const MAX_FILE_BYTES = 2_147_483_648;
const NOTHING = new Uint8Array(0);

export interface PackerDeps {
  readonly files: FileSet;
  readonly fileBytes: number;
  readonly elapsedMs: () => number;
  /** The number that the next new stream will get. */
  readonly nextStream: () => number;
  /** A batch has its first record. */
  readonly begun: (batch: Batch) => void;
}

/** Packs records into the batch that fills: every record gets its place in a file the moment it is put. */
export class Packer {
  /** Fields of the next record; `put` sets chain, floor and length itself. */
  readonly record: RecordHead = emptyRecord();
  filling: Batch | undefined;
  /** Bytes of all records so far. */
  appended = 0;
  readonly #deps: PackerDeps;
  readonly #spare: Buffer[] = [];
  readonly #place: { -readonly [Field in keyof RecordPlace]: RecordPlace[Field] } = {
    bytes: Buffer.alloc(0),
    at: 0,
    secret: { magic: 0, seed: 0 },
  };
  #rotate = false;

  constructor(deps: PackerDeps) {
    this.#deps = deps;
  }

  /** The file that the next record goes to; to be called before `record` is filled. */
  file(): JournalFile {
    return this.#batch().file;
  }

  /** The next batch begins a new file. */
  rotate(): void {
    this.#rotate = true;
  }

  /** Puts `record` with a payload, and tells its offset in `file()`. */
  put(payload: Uint8Array = NOTHING): number {
    const batch = this.#batch();
    const size = RECORD_HEAD_BYTES + payload.length;
    let chunk = batch.chunks.at(-1);
    if (chunk === undefined || chunk.bytes.length - chunk.used < size) {
      chunk = { bytes: this.#chunk(size), used: 0 };
      batch.chunks.push(chunk);
    }
    const { file } = batch;
    const at = file.end;
    this.record.chain = file.lastCheck;
    this.record.floor = file.durable;
    this.record.length = payload.length;
    this.#place.bytes = chunk.bytes;
    this.#place.at = chunk.used;
    this.#place.secret = file.header.secret;
    file.lastCheck = writeRecord(this.#place, this.record, payload);
    chunk.used += size;
    file.end += size;
    batch.bytes += size;
    this.appended += size;
    return at;
  }

  /** Puts a record that says nothing but its floor, and tells the batch. */
  putMarker(): Batch {
    const batch = this.#batch();
    Object.assign(this.record, emptyRecord(), { type: RECORD.marker });
    this.put();
    return batch;
  }

  /** Puts the list of files, twice like every record that holds no audio. */
  putLedger(): void {
    this.#batch();
    Object.assign(this.record, emptyRecord(), { type: RECORD.files });
    const ledger = encodeLedger(this.#deps.files.ledger());
    this.put(ledger);
    this.put(ledger);
  }

  /** The batch that fills moves the track's end. */
  touch(track: HeldTrack): void {
    const batch = this.filling;
    if (batch === undefined || track.batch === batch.id) return;
    track.batch = batch.id;
    batch.tracks.push(track);
  }

  /** Seals the batch that fills. */
  take(): Batch | undefined {
    const batch = this.filling;
    if (batch === undefined) return undefined;
    this.filling = undefined;
    batch.upTo = this.appended;
    for (const track of batch.tracks) track.sealed = track.end;
    return batch;
  }

  /** Gives the batch's memory to later ones. */
  recycle(batch: Batch): void {
    for (const { bytes } of batch.chunks.splice(0)) {
      if (bytes.length === CHUNK_BYTES && this.#spare.length < SPARE_CHUNKS) this.#spare.push(bytes);
    }
  }

  #batch(): Batch {
    if (this.filling !== undefined) return this.filling;
    const { files, elapsedMs, begun } = this.#deps;
    const batch = new Batch(this.#fileForBatch(files), elapsedMs());
    this.filling = batch;
    begun(batch);
    if (batch.at === HEADER_AREA_BYTES) this.putLedger();
    return batch;
  }

  #fileForBatch(files: FileSet): JournalFile {
    const { active } = files;
    if (active !== undefined && !this.#rotate && active.end < Math.min(this.#deps.fileBytes, MAX_FILE_BYTES))
      return active;
    this.#rotate = false;
    const file = files.next(this.#deps.nextStream(), active);
    file.bornAt = this.appended;
    return file;
  }

  #chunk(size: number): Buffer {
    if (size > CHUNK_BYTES) return Buffer.allocUnsafeSlow(size);
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }
}
