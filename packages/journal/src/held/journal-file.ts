import type { DiskFile } from '../disk.ts';
import type { FileHeader } from '../format/file-header.ts';
import { fileName } from '../format/file-name.ts';
import type { StreamState } from './stream-state.ts';

/** One file of the journal, as far as memory knows it. */
export class JournalFile {
  readonly sequence: number;
  readonly header: FileHeader;
  readonly name: string;
  /** Undefined until the file is made, and after it is removed. */
  handle: DiskFile | undefined;
  /** Its header is on disk. */
  made = false;
  /** Where the next record goes; bytes of batches not yet written included. */
  end: number;
  /** Everything below is as durable as the journal promises. */
  durable: number;
  /** Head check of the newest record: the next one's chain. */
  lastCheck: number;
  /** Records in it that are not released. */
  held = 0;
  /** Bytes of audio in it, released or not. */
  audioBytes = 0;
  /** Every stream that it mentions. */
  readonly streams = new Set<StreamState>();
  /** Reads under way; the handle stays open for them. */
  readers = 0;
  removed = false;
  /** Bytes that this process had appended to the journal when it began the file; undefined for an older process's. */
  bornAt: number | undefined;
  /** It may be removed once the journal has committed this many bytes. */
  removeAfter: number | undefined;

  constructor(header: FileHeader, end: number) {
    this.sequence = header.sequence;
    this.header = header;
    this.name = fileName(header.sequence);
    this.end = end;
    this.durable = end;
    this.lastCheck = header.check;
  }

  /** Closes a removed file as soon as nobody reads it. */
  async leave(): Promise<void> {
    const { handle } = this;
    if (!this.removed || this.readers > 0 || handle === undefined) return;
    this.handle = undefined;
    await handle.close();
  }
}
