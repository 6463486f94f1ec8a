import { type FileLink, HEADER_AREA_BYTES, makeHeader } from '../format/file-header.ts';
import type { Ledger } from '../format/ledger.ts';
import { JournalFile } from './journal-file.ts';

const NO_FILE: FileLink = { sequence: 0, identity: 0, bytes: 0, lastCheck: 0 };

/** The files of the journal by sequence; the active one is the newest. */
export class FileSet {
  readonly bySequence = new Map<number, JournalFile>();
  /** Files without a held record that are not active: they wait to be removed. */
  readonly empty = new Set<JournalFile>();
  /** Files that recovery could not use and left lying, by sequence: their bytes. */
  readonly unusable = new Map<number, number>();
  /**
   * Files that an earlier process was about to remove, with the checks of their headers: part of the journal until
   * everything that makes them needless is written again.
   */
  readonly leftovers = new Map<number, number>();
  active: JournalFile | undefined;
  /** Header areas of the files that are not on disk yet: a flood fills several while one is made. */
  readonly #areas = new Map<JournalFile, Buffer>();
  #lowestSequence = 1;
  readonly #randomBytes: (count: number) => Uint8Array;

  constructor(randomBytes: (count: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
  }

  /** Takes a file that recovery found; the newest of them is what the next file is linked to. */
  adopt(file: JournalFile): void {
    this.bySequence.set(file.sequence, file);
    this.skipSequence(file.sequence);
  }

  /** No new file takes this name. */
  skipSequence(sequence: number): void {
    this.#lowestSequence = Math.max(this.#lowestSequence, sequence + 1);
  }

  /** Begins the next file, in memory so far. */
  next(firstStream: number, previous: JournalFile | undefined): JournalFile {
    const random = Buffer.from(this.#randomBytes(8));
    const { header, area } = makeHeader({
      sequence: this.#lowestSequence,
      secret: { magic: random.readUInt32LE(0), seed: random.readUInt32LE(4) },
      firstStream,
      previous: previous === undefined ? NO_FILE : linkTo(previous),
    });
    const file = new JournalFile(header, HEADER_AREA_BYTES);
    file.durable = HEADER_AREA_BYTES;
    this.adopt(file);
    this.#areas.set(file, area);
    const left = this.active;
    this.active = file;
    if (left !== undefined && left.held === 0) this.empty.add(left);
    return file;
  }

  /** Every file that is part of the journal; those about to be removed are not. */
  ledger(): Ledger {
    const ledger = new Map(this.leftovers);
    for (const sequence of this.unusable.keys()) ledger.set(sequence, 0);
    for (const { sequence, header, removeAfter } of this.bySequence.values()) {
      if (removeAfter === undefined) ledger.set(sequence, header.check);
    }
    return ledger;
  }

  /** The header area of a file that is not on disk yet. */
  areaOf(file: JournalFile): Buffer {
    const area = this.#areas.get(file);
    if (area === undefined) throw new Error('The file has its header already.');
    return area;
  }

  /** The header of the file is on disk. */
  made(file: JournalFile): void {
    file.made = true;
    this.#areas.delete(file);
  }

  /** One record of the file is not held any more. */
  drop(sequence: number): void {
    const file = this.bySequence.get(sequence);
    if (file === undefined) return;
    file.held -= 1;
    if (file.held === 0 && file !== this.active) this.empty.add(file);
  }

  forget(file: JournalFile): void {
    this.bySequence.delete(file.sequence);
    this.empty.delete(file);
  }
}

function linkTo(file: JournalFile): FileLink {
  return {
    sequence: file.sequence,
    identity: file.header.check,
    bytes: file.end,
    lastCheck: file.lastCheck,
  };
}
