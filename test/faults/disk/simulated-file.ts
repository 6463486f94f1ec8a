import type { Random } from '../runner/random.ts';

/** A disk writes whole sectors or nothing of them. */
const SECTOR_BYTES = 512;

/** What a crash does to a change that was not synced. */
export type PendingFate = 'kept' | 'dropped' | 'torn' | 'zeroed';

/** A change that no sync has covered yet, with what is needed to undo and to redo it. */
interface PendingChange {
  /** Its place among all changes of the disk. */
  readonly number: number;
  readonly at: number;
  /** The bytes written; undefined for a truncation to `at`. */
  readonly bytes: Uint8Array | undefined;
  readonly sizeBefore: number;
  readonly overwritten: Uint8Array;
  /** A sync has covered it although an older change was lost. */
  synced: boolean;
  /** A sync failed over it: the system forgets such pages, so no later sync makes it durable. */
  lost: boolean;
}

/** One file as a process sees it, and as the disk has it: what lies between are the pending changes. */
export class SimulatedFile {
  #content: Uint8Array;
  #size: number;
  #pending: PendingChange[] = [];
  readonly #nextNumber: () => number;

  /** Takes the numbers of its changes from `nextNumber`, which all files of a disk share. */
  constructor(nextNumber: () => number, content = new Uint8Array(0)) {
    this.#nextNumber = nextNumber;
    this.#content = content;
    this.#size = content.length;
  }

  get size(): number {
    return this.#size;
  }

  /** Numbers of the changes that no sync has covered, oldest first. */
  get pendingChanges(): readonly number[] {
    return this.#pending.filter((change) => !change.synced).map((change) => change.number);
  }

  /** What a process reads now; a view, not a copy. */
  get content(): Uint8Array {
    return this.#content.subarray(0, this.#size);
  }

  read(into: Uint8Array, at: number): number {
    const bytes = this.content.subarray(at, at + into.length);
    into.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array, at: number): void {
    if (bytes.length === 0) return;
    this.#remember(at, new Uint8Array(bytes), this.content.slice(at, at + bytes.length));
    this.#put(bytes, at);
  }

  truncate(bytes: number): void {
    this.#remember(bytes, undefined, this.content.slice(bytes));
    this.#resize(bytes);
  }

  /** Makes the changes up to a number durable. */
  sync(upTo: number): void {
    for (const change of this.#pending) if (change.number <= upTo) change.synced = !change.lost;
    const firstOpen = this.#pending.findIndex((change) => !change.synced);
    this.#pending = firstOpen < 0 ? [] : this.#pending.slice(firstOpen);
  }

  /** A sync that failed: pending changes stay readable, and no later sync makes them durable. */
  loseUnsynced(): void {
    for (const change of this.#pending) change.lost = !change.synced;
  }

  /** The file after a crash in which each pending change met the fate that `fateOf` gives its number. */
  survivor(fateOf: (number: number) => PendingFate, random: Random, nextNumber: () => number): SimulatedFile {
    const file = this.copy(nextNumber);
    const changes = file.#pending;
    file.#pending = [];
    for (const change of changes.toReversed()) file.#undo(change);
    for (const change of changes) file.#redo(change, change.synced ? 'kept' : fateOf(change.number), random);
    return file;
  }

  copy(nextNumber: () => number): SimulatedFile {
    const file = new SimulatedFile(nextNumber, this.content.slice());
    file.#pending = this.#pending.map((change) => ({ ...change }));
    return file;
  }

  #remember(at: number, bytes: Uint8Array | undefined, overwritten: Uint8Array): void {
    const number = this.#nextNumber();
    this.#pending.push({
      number,
      at,
      bytes,
      sizeBefore: this.#size,
      overwritten,
      synced: false,
      lost: false,
    });
  }

  #undo(change: PendingChange): void {
    this.#resize(change.sizeBefore);
    if (change.overwritten.length > 0) this.#put(change.overwritten, change.at);
  }

  #redo(change: PendingChange, fate: PendingFate, random: Random): void {
    if (fate === 'dropped') return;
    if (change.bytes === undefined) {
      this.#resize(change.at);
    } else if (fate === 'kept') {
      this.#put(change.bytes, change.at);
    } else if (fate === 'torn') {
      this.#put(change.bytes.subarray(0, tornLength(change.at, change.bytes.length, random)), change.at);
    } else {
      // The file's new size reached the disk before some of its sectors did.
      this.#put(zeroedSectors(change.bytes, change.at, random), change.at);
    }
  }

  #put(bytes: Uint8Array, at: number): void {
    if (at + bytes.length > this.#size) this.#resize(at + bytes.length);
    this.#content.set(bytes, at);
  }

  #resize(bytes: number): void {
    if (bytes > this.#content.length) {
      const larger = new Uint8Array(Math.max(bytes, this.#content.length * 2, SECTOR_BYTES));
      larger.set(this.content);
      this.#content = larger;
    }
    if (bytes < this.#size) this.#content.fill(0, bytes, this.#size);
    this.#size = bytes;
  }
}

/** Bytes of a write that reached the disk when it was cut at the edge of one of its sectors. */
function tornLength(at: number, bytes: number, random: Random): number {
  const firstEdge = SECTOR_BYTES - (at % SECTOR_BYTES);
  const edges = Math.max(0, Math.ceil((bytes - firstEdge) / SECTOR_BYTES));
  const edge = random.between(0, edges);
  return edge === 0 ? 0 : Math.min(bytes, firstEdge + (edge - 1) * SECTOR_BYTES);
}

function zeroedSectors(bytes: Uint8Array, at: number, random: Random): Uint8Array {
  const out = new Uint8Array(bytes);
  for (let from = 0; from < out.length; ) {
    const to = Math.min(out.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (random.chance(0.5)) out.fill(0, from, to);
    from = to;
  }
  return out;
}
