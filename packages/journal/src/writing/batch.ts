import type { JournalFile } from '../held/journal-file.ts';
import type { HeldTrack } from '../held/stream-state.ts';

let lastId = 0;

/** Records that reach the disk together: consecutive bytes of one file, in chunks. */
export class Batch {
  readonly id: number;
  readonly file: JournalFile;
  /** Where in the file it begins. */
  readonly at: number;
  readonly chunks: { readonly bytes: Buffer; used: number }[] = [];
  bytes = 0;
  /** Chunks written completely, and bytes of the next one: a full disk interrupts a batch anywhere. */
  writtenChunks = 0;
  writtenBytes = 0;
  /** Tracks with new records. */
  readonly tracks: HeldTrack[] = [];
  /** The journal's appended bytes at its end. */
  upTo = 0;
  /** It has waited long enough. */
  due = false;
  /** Only a marker: needs no sync and no word to anybody. */
  quiet = false;
  readonly begunMs: number;
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(file: JournalFile, begunMs: number) {
    lastId += 1;
    this.id = lastId;
    this.file = file;
    this.at = file.end;
    this.begunMs = begunMs;
  }

  /** Resolves when it is durable; rejects when it never will be. */
  whenStored(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  stored(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  lost(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
