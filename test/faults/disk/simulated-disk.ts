import type { DiskFile, JournalDisk, JournalTime } from '@earshot/journal';
import { type Random, seededRandom } from '../runner/random.ts';
import { type DiskCall, type DiskCallRecord, type DiskFault, FaultPlan, systemError } from './disk-faults.ts';
import { type PendingFate, SimulatedFile } from './simulated-file.ts';

/**
 * What a crash leaves of the changes that were not synced: `none` of them, `all`, the oldest ones with the next one
 * torn at a sector (`prefix`), or any of them, torn, zeroed and out of order (`subset`).
 */
export type CrashKind = 'none' | 'all' | 'prefix' | 'subset';

export interface SimulatedDiskOptions {
  readonly seed?: number;
  /** Room for all files together, bytes. */
  readonly capacityBytes?: number;
  /** Needed for delays. */
  readonly time?: JournalTime;
  /** How long a call takes, ms; nothing by default. */
  readonly delayMs?: (call: DiskCall) => number;
}

interface FolderChange {
  /** Its place among all changes of the disk. */
  readonly number: number;
  readonly name: string;
  /** The file created under the name; undefined for a removal. */
  readonly file: SimulatedFile | undefined;
}

/**
 * One folder in memory that knows what a power failure would leave of it. Names and bytes count as durable only
 * after `syncFolder` and `sync`; every call is recorded and may be made to fail.
 */
export class SimulatedDisk implements JournalDisk {
  /** Every call so far, in order. */
  readonly calls: DiskCallRecord[] = [];
  /** Resolves when the disk stops answering, as it does for a process that was killed. */
  readonly halted: Promise<void>;
  readonly seed: number;
  capacityBytes: number;
  readonly #options: SimulatedDiskOptions;
  readonly #random: Random;
  readonly #faults = new FaultPlan();
  #names = new Map<string, SimulatedFile>();
  #durableNames = new Map<string, SimulatedFile>();
  #folderChanges: FolderChange[] = [];
  #changes = 0;
  #haltAt = Number.POSITIVE_INFINITY;
  #tellHalted: () => void = () => undefined;
  #listener: (call: DiskCallRecord) => void = () => undefined;

  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options;
    this.seed = options.seed ?? 1;
    this.#random = seededRandom(this.seed);
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.halted = new Promise((resolve) => {
      this.#tellHalted = resolve;
    });
  }

  /** Makes calls fail from now on. */
  inject(fault: DiskFault): void {
    this.#faults.add(fault);
  }

  /** Forgets every injected fault. */
  heal(): void {
    this.#faults.clear();
  }

  /** Told of each call before it has any effect. */
  onCall(listener: (call: DiskCallRecord) => void): void {
    this.#listener = listener;
  }

  /** From its n-th call on (1: at once) the disk answers nothing any more: its process is dead. */
  halt(atCall = 1): void {
    this.#haltAt = this.calls.length + atCall;
  }

  /** Changes of files and names that no sync has covered. */
  get pendingChanges(): number {
    return this.#pendingNumbers().length;
  }

  /** Names and contents as a process sees them now. */
  files(): readonly { readonly name: string; readonly content: Uint8Array }[] {
    return [...this.#names].map(([name, file]) => ({ name, content: file.content }));
  }

  /** Changes bytes behind the back of the process, durable at once: a flipped bit, a zeroed page. */
  damage(name: string, at: number, bytes: Uint8Array): void {
    this.#content(name).content.set(bytes, at);
  }

  /** The disk as the next process finds it after a power failure now; this one is left as it is. */
  crash(kind: CrashKind, options: SimulatedDiskOptions = this.#options): SimulatedDisk {
    const random = seededRandom(options.seed ?? 1);
    const fateOf = fates(kind, this.#pendingNumbers(), random);
    const survivors = new Map<SimulatedFile, SimulatedFile>();
    const kept = this.#folderChanges.filter((change) => fateOf(change.number) === 'kept');
    const names = applied(this.#durableNames, kept);
    const disk = new SimulatedDisk({ capacityBytes: this.capacityBytes, ...options });
    for (const [name, file] of names) {
      const survivor = survivors.get(file) ?? file.survivor(fateOf, random, disk.#nextNumber);
      survivors.set(file, survivor);
      disk.#names.set(name, survivor);
      disk.#durableNames.set(name, survivor);
    }
    return disk;
  }

  /** A copy with the same pending changes, and without the faults. */
  copy(options: SimulatedDiskOptions = this.#options): SimulatedDisk {
    const disk = new SimulatedDisk({ capacityBytes: this.capacityBytes, ...options });
    const copies = new Map<SimulatedFile, SimulatedFile>();
    const copyOf = (file: SimulatedFile): SimulatedFile => {
      const copied = copies.get(file) ?? file.copy(disk.#nextNumber);
      copies.set(file, copied);
      return copied;
    };
    for (const [name, file] of this.#names) disk.#names.set(name, copyOf(file));
    for (const [name, file] of this.#durableNames) disk.#durableNames.set(name, copyOf(file));
    disk.#folderChanges = this.#folderChanges.map((change) => ({
      ...change,
      file: change.file && copyOf(change.file),
    }));
    disk.#changes = this.#changes;
    return disk;
  }

  async list(): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
    await this.#call('list', '');
    return [...this.#names].map(([name, file]) => ({ name, bytes: file.size }));
  }

  async create(name: string): Promise<DiskFile> {
    await this.#call('create', name);
    if (this.#names.has(name)) throw systemError('EEXIST', 'create');
    const file = new SimulatedFile(this.#nextNumber);
    this.#names.set(name, file);
    this.#folderChanges.push({ number: this.#nextNumber(), name, file });
    return this.#handle(name, file);
  }

  async open(name: string): Promise<DiskFile> {
    await this.#call('open', name);
    return this.#handle(name, this.#content(name));
  }

  async remove(name: string): Promise<void> {
    await this.#call('remove', name);
    this.#content(name);
    this.#names.delete(name);
    this.#folderChanges.push({ number: this.#nextNumber(), name, file: undefined });
  }

  async syncFolder(): Promise<void> {
    const upTo = this.#changes;
    await this.#call('syncFolder', '');
    const covered = this.#folderChanges.filter((change) => change.number <= upTo);
    this.#durableNames = applied(this.#durableNames, covered);
    this.#folderChanges = this.#folderChanges.filter((change) => change.number > upTo);
  }

  async freeBytes(): Promise<number> {
    await this.#call('freeBytes', '');
    return this.#room();
  }

  #handle(name: string, file: SimulatedFile): DiskFile {
    return {
      write: (bytes, at) => this.#write(name, file, { bytes, at }),
      read: async (into, at) => {
        const fault = await this.#call('read', name, at, into.length);
        return file.read(fault?.failure === 'short' ? into.subarray(0, half(into.length)) : into, at);
      },
      sync: () => this.#sync(name, file),
      truncate: async (bytes) => {
        await this.#call('truncate', name, bytes);
        file.truncate(bytes);
      },
      close: async () => {
        await this.#call('close', name);
      },
    };
  }

  async #write(name: string, file: SimulatedFile, { bytes, at }: { bytes: Uint8Array; at: number }) {
    const fault = await this.#call('write', name, at, bytes.length, () => {
      // Nobody knows how much of a failed write was done.
      file.write(bytes.subarray(0, this.#random.between(0, bytes.length)), at);
    });
    const growth = at + bytes.length - file.size;
    const room = growth > this.#room() ? Math.max(0, bytes.length - growth + this.#room()) : bytes.length;
    if (room === 0 && bytes.length > 0) throw systemError('ENOSPC', 'write');
    const written = fault?.failure === 'short' ? half(room) : room;
    file.write(bytes.subarray(0, written), at);
    return written;
  }

  async #sync(name: string, file: SimulatedFile): Promise<void> {
    const upTo = this.#changes;
    await this.#call('sync', name, 0, file.size, () => {
      file.loseUnsynced();
    });
    file.sync(upTo);
  }

  /** Records a call, waits as long as it takes, and fails it when a fault says so. */
  async #call(
    call: DiskCall,
    name: string,
    at = 0,
    bytes = 0,
    onEio?: () => void,
  ): Promise<DiskFault | undefined> {
    const record = { number: this.calls.length + 1, call, name, at, bytes };
    if (record.number < this.#haltAt) this.#listener(record);
    this.calls.push(record);
    await this.#alive();
    const fault = this.#faults.meet(call);
    const delay = fault?.failure === 'slow' ? (fault.delayMs ?? 0) : (this.#options.delayMs?.(call) ?? 0);
    if (delay > 0) await new Promise<void>((resolve) => this.#options.time?.after(delay, resolve));
    await this.#alive();
    if (fault?.failure === 'EIO') onEio?.();
    if (fault?.failure === 'EIO' || fault?.failure === 'ENOSPC') throw systemError(fault.failure, call);
    return fault;
  }

  async #alive(): Promise<void> {
    if (this.calls.length < this.#haltAt) return;
    this.#tellHalted();
    await new Promise<never>(() => undefined);
  }

  readonly #nextNumber = (): number => {
    this.#changes += 1;
    return this.#changes;
  };

  #pendingNumbers(): readonly number[] {
    const files = new Set([...this.#names.values(), ...this.#durableNames.values()]);
    const numbers = this.#folderChanges.map((change) => change.number);
    for (const file of files) numbers.push(...file.pendingChanges);
    return numbers.sort((a, b) => a - b);
  }

  #content(name: string): SimulatedFile {
    const file = this.#names.get(name);
    if (file === undefined) throw systemError('ENOENT', name);
    return file;
  }

  #room(): number {
    let used = 0;
    for (const file of this.#names.values()) used += file.size;
    return Math.max(0, this.capacityBytes - used);
  }
}

function half(bytes: number): number {
  return Math.max(1, bytes >> 1);
}

function applied(names: ReadonlyMap<string, SimulatedFile>, changes: readonly FolderChange[]) {
  const out = new Map(names);
  for (const { name, file } of changes) {
    if (file === undefined) out.delete(name);
    else out.set(name, file);
  }
  return out;
}

/** Gives each pending change its fate. */
function fates(kind: CrashKind, pending: readonly number[], random: Random): (number: number) => PendingFate {
  if (kind === 'none') return () => 'dropped';
  if (kind === 'all') return () => 'kept';
  if (kind === 'subset') {
    const choice: readonly PendingFate[] = ['kept', 'kept', 'dropped', 'dropped', 'torn', 'zeroed'];
    const chosen = new Map(pending.map((number) => [number, random.pick(choice)]));
    return (number) => chosen.get(number) ?? 'dropped';
  }
  const torn = pending[random.between(0, pending.length)] ?? Number.POSITIVE_INFINITY;
  return (number) => {
    if (number < torn) return 'kept';
    return number === torn ? 'torn' : 'dropped';
  };
}
