import type { DiskFile, JournalDisk } from '../disk.ts';

/** One call that reaches the disk. */
export interface DiskCall {
  readonly kind:
    | 'create'
    | 'open'
    | 'remove'
    | 'syncFolder'
    | 'write'
    | 'sync'
    | 'read'
    | 'truncate'
    | 'list'
    | 'free';
  readonly name: string;
  /** Counts all calls from 1. */
  readonly number: number;
  /** Counts the calls of this kind from 1. */
  readonly ofKind: number;
}

/** What happens to a call: an error code, or the number of bytes that a write takes. */
export type DiskFault = { readonly code: string } | { readonly short: number } | undefined;

interface StoredFile {
  bytes: Buffer;
  length: number;
  /** What the last sync made safe. */
  synced: Buffer;
  /** The folder was synced since it was created. */
  named: boolean;
}

const SECTOR_BYTES = 512;

/** A disk in memory whose calls can fail, for faults that a real disk cannot be asked for. */
export class MemoryDisk implements JournalDisk {
  readonly files = new Map<string, StoredFile>();
  readonly calls: DiskCall[] = [];
  fault: (call: DiskCall) => DiskFault = () => undefined;
  /** Bytes of all files together; a write beyond is short, and then refused. */
  capacity = Number.POSITIVE_INFINITY;
  readonly #unlinked = new Map<string, StoredFile>();
  readonly #counts = new Map<string, number>();

  /** A copy without faults: what a process killed now would leave, synced or not. */
  snapshot(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [name, { synced, named }] of this.files) {
      const bytes = this.bytesOf(name);
      copy.files.set(name, { bytes, length: bytes.length, synced, named });
    }
    for (const [name, file] of this.#unlinked) copy.#unlinked.set(name, file);
    return copy;
  }

  /**
   * What a power cut may leave now: what was synced, and of the rest any sectors; `chance` gives numbers below 1.
   * Names made or removed since the last sync of the folder are there or not.
   */
  afterPowerCut(chance: () => number): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [name, file] of this.files) {
      if (file.named || chance() < 0.5) copy.set(name, torn(file, chance));
    }
    for (const [name, file] of this.#unlinked) if (chance() < 0.5) copy.set(name, torn(file, chance));
    return copy;
  }

  bytesOf(name: string): Buffer {
    const file = this.files.get(name);
    if (file === undefined) throw systemError('ENOENT');
    return Buffer.from(file.bytes.subarray(0, file.length));
  }

  set(name: string, bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    this.files.set(name, { bytes: copy, length: copy.length, synced: Buffer.from(copy), named: true });
  }

  /** Bytes at the end of a file that no sync made safe. */
  unsyncedBytes(name: string): number {
    const file = this.files.get(name);
    return file === undefined ? 0 : file.length - file.synced.length;
  }

  names(): string[] {
    return [...this.files.keys()].filter((name) => name.endsWith('.journal')).sort();
  }

  async list(): Promise<{ name: string; bytes: number }[]> {
    await this.#call('list', '');
    return [...this.files].map(([name, { length }]) => ({ name, bytes: length }));
  }

  async create(name: string): Promise<DiskFile> {
    await this.#call('create', name);
    if (this.files.has(name)) throw systemError('EEXIST');
    this.files.set(name, { bytes: Buffer.alloc(0), length: 0, synced: Buffer.alloc(0), named: false });
    return this.#file(name);
  }

  async open(name: string): Promise<DiskFile> {
    await this.#call('open', name);
    return this.#file(name);
  }

  async remove(name: string): Promise<void> {
    await this.#call('remove', name);
    const file = this.files.get(name);
    if (file === undefined) throw systemError('ENOENT');
    this.files.delete(name);
    if (file.named) this.#unlinked.set(name, file);
  }

  async syncFolder(): Promise<void> {
    await this.#call('syncFolder', '');
    for (const file of this.files.values()) file.named = true;
    this.#unlinked.clear();
  }

  async freeBytes(): Promise<number> {
    await this.#call('free', '');
    return Math.min(this.capacity, 1e12) - this.#used();
  }

  async #call(kind: DiskCall['kind'], name: string): Promise<DiskFault> {
    const ofKind = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, ofKind);
    const call = { kind, name, number: this.calls.length + 1, ofKind };
    this.calls.push(call);
    const fault = this.fault(call);
    await Promise.resolve();
    if (fault !== undefined && 'code' in fault) throw systemError(fault.code);
    return fault;
  }

  #used(): number {
    let used = 0;
    for (const { length } of this.files.values()) used += length;
    return used;
  }

  #file(name: string): DiskFile {
    const file = this.files.get(name);
    if (file === undefined) throw systemError('ENOENT');
    return {
      write: async (bytes, at) => {
        const fault = await this.#call('write', name);
        const asked =
          fault !== undefined && 'short' in fault ? Math.min(fault.short, bytes.length) : bytes.length;
        const length = Math.min(asked, Math.max(0, file.length - at) + this.capacity - this.#used());
        if (length <= 0) throw systemError('ENOSPC');
        put(file, bytes.subarray(0, length), at);
        return length;
      },
      sync: async () => {
        const bytes = Buffer.from(file.bytes.subarray(0, file.length));
        await this.#call('sync', name);
        file.synced = bytes;
      },
      read: async (into, at) => {
        await this.#call('read', name);
        return file.bytes.subarray(0, file.length).copy(into, 0, at, Math.min(file.length, at + into.length));
      },
      truncate: async (bytes) => {
        await this.#call('truncate', name);
        file.length = Math.min(bytes, file.length);
      },
      close: () => Promise.resolve(),
    };
  }
}

function put(file: StoredFile, bytes: Uint8Array, at: number): void {
  const end = at + bytes.length;
  if (end > file.bytes.length) {
    const grown = Buffer.alloc(Math.max(end, file.bytes.length * 2));
    file.bytes.copy(grown, 0, 0, file.length);
    file.bytes = grown;
  }
  if (at > file.length) file.bytes.fill(0, file.length, at);
  file.bytes.set(bytes, at);
  file.length = Math.max(file.length, end);
}

function torn(file: StoredFile, chance: () => number): Buffer {
  const keepsLength = chance() < 0.5;
  const out = Buffer.alloc(keepsLength ? Math.max(file.length, file.synced.length) : file.synced.length);
  file.synced.copy(out);
  const all = chance();
  for (let at = 0; at < out.length; at += SECTOR_BYTES) {
    const end = Math.min(at + SECTOR_BYTES, file.length);
    if (at < end && chance() < all) file.bytes.copy(out, at, at, end);
  }
  return out;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: a fault of the test`), { code });
}
