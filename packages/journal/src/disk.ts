/** One folder on a disk; names are plain file names. Every method may reject with the system's error (`code`: `ENOSPC`, `EIO`, …). */
export interface JournalDisk {
  list(): Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  /** Creates an empty file; rejects with `EEXIST` when the name is taken. */
  create(name: string): Promise<DiskFile>;
  /** Opens an existing file for reading and writing. */
  open(name: string): Promise<DiskFile>;
  remove(name: string): Promise<void>;
  /** Makes created and removed names durable. */
  syncFolder(): Promise<void>;
  /** Bytes that may still be written. */
  freeBytes(): Promise<number>;
}

/** An open file. */
export interface DiskFile {
  /** Writes a prefix of `bytes` at an offset and tells its length: it may be short without an error. */
  write(bytes: Uint8Array, at: number): Promise<number>;
  /** Makes everything written to the file durable (fdatasync). */
  sync(): Promise<void>;
  /** Reads into a prefix of `into` and tells its length; 0 at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
  /**
   * The same at once, for bytes written lately, which the system still has in memory: many small reads cost ten
   * times less than through promises. Throws the system's error. Optional.
   */
  readNow?(into: Uint8Array, at: number): number;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Monotonic time for the journal's own timers. */
export interface JournalTime {
  /** Monotonic, ms. */
  elapsedMs(): number;
  /** Runs once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}
