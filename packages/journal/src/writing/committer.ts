import { isNoRoom, writeWhole } from '../disk/whole.ts';
import type { JournalDisk, JournalTime } from '../disk.ts';
import type { FileSet } from '../held/file-set.ts';
import type { JournalFile } from '../held/journal-file.ts';
import type { HeldTrack } from '../held/stream-state.ts';
import type { JournalSettings } from '../journal.ts';
import type { Batch } from './batch.ts';
import type { Packer } from './packer.ts';
import type { Space } from './space.ts';

const LATENCIES_KEPT = 4096;
/** Tries to write to a full disk before a closing journal gives up. */
const LAST_TRIES = 3;

export interface CommitterDeps {
  readonly disk: JournalDisk;
  readonly time: JournalTime;
  readonly settings: JournalSettings;
  readonly files: FileSet;
  readonly packer: Packer;
  readonly space: Space;
  /** A batch is stored: these tracks' durable positions moved. */
  readonly stored: (tracks: readonly HeldTrack[]) => void;
  /** The promise cannot be kept any more; called once. */
  readonly failed: (error: Error) => void;
}

/** Writes and syncs one batch at a time while the next one fills. */
export class Committer {
  /** Bytes of records that are as durable as the journal promises. */
  committed = 0;
  commits = 0;
  /** How long batches took from their first record to their durability, ms. */
  latencies: number[] = [];
  failure: Error | undefined;
  readonly #deps: CommitterDeps;
  #underWay: Batch | undefined;
  #cancelTimer: (() => void) | undefined;
  #closing = false;

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
  }

  /** A batch began to fill: it is committed after its time. */
  begun(batch: Batch): void {
    if (this.failure !== undefined) return;
    this.#cancelTimer = this.#deps.time.after(this.#deps.settings.commitMs, () => {
      this.#cancelTimer = undefined;
      batch.due = true;
      this.#next();
    });
  }

  /** To be called after records were put: commits a batch that is big enough. */
  ready(): void {
    if (this.#underWay === undefined) this.#next();
  }

  /** Resolves when everything put so far is stored. */
  whenStored(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const batch = this.#deps.packer.filling ?? this.#underWay;
    return batch === undefined ? Promise.resolve() : batch.whenStored();
  }

  /** Commits what is there at once. */
  async flush(): Promise<void> {
    await this.#drain();
    if (this.failure !== undefined) throw this.failure;
  }

  /** Commits what is there, with a last marker, and syncs it; rejects when the journal had failed or a full disk stops it. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.flush();
    this.#deps.packer.putMarker();
    await this.flush();
  }

  async #drain(): Promise<void> {
    for (;;) {
      const { filling } = this.#deps.packer;
      if (filling !== undefined) filling.due = true;
      this.#next();
      if (this.#underWay === undefined) return;
      await this.#underWay.whenStored();
    }
  }

  /** Syncs a file for somebody else; a failure is the journal's. */
  async sync(file: { sync(): Promise<void> }): Promise<void> {
    this.#throwFailure();
    try {
      await syncOnce(file);
    } catch (error) {
      this.fail(
        error instanceof Error ? error : new Error('The journal cannot be synced.', { cause: error }),
      );
      throw error;
    }
    // The system tells an error once: perhaps it told the other caller that synced this file meanwhile.
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  fail(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const underWay = this.#underWay;
    this.#underWay = undefined;
    underWay?.lost(error);
    this.#deps.packer.filling?.lost(error);
    this.#deps.failed(error);
  }

  #next(): void {
    const { filling } = this.#deps.packer;
    if (this.#underWay !== undefined || filling === undefined || this.failure !== undefined) return;
    if (!filling.due && !filling.quiet && filling.bytes < this.#deps.settings.commitBytes) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const batch = this.#deps.packer.take();
    this.#underWay = batch;
    if (batch !== undefined) void this.#commit(batch);
  }

  async #commit(batch: Batch): Promise<void> {
    try {
      await this.#store(batch);
      if (this.failure !== undefined) return;
      this.#finish(batch);
    } catch (error) {
      this.fail(
        error instanceof Error ? error : new Error('The journal cannot be written.', { cause: error }),
      );
    }
  }

  async #store(batch: Batch): Promise<void> {
    const { file } = batch;
    await this.#withRoom(() => this.#ensure(file));
    const { handle } = file;
    if (handle === undefined) throw new Error('The active file is not open.');
    await this.#withRoom(() => writeBatch(batch, handle));
    const syncs = this.#deps.settings.durability === 'fsync' && !batch.quiet;
    if (syncs) await syncOnce(handle);
  }

  #finish(batch: Batch): void {
    const { packer, space, settings, time } = this.#deps;
    this.#underWay = undefined;
    this.committed = batch.upTo;
    if (!batch.quiet || settings.durability !== 'fsync') batch.file.durable = batch.at + batch.bytes;
    packer.recycle(batch);
    for (const track of batch.tracks) track.durable = Math.max(track.durable, track.sealed);
    if (!batch.quiet) {
      this.commits += 1;
      if (this.latencies.length < LATENCIES_KEPT) this.latencies.push(time.elapsedMs() - batch.begunMs);
    }
    space.wrote();
    batch.stored();
    this.#deps.stored(batch.tracks);
    if (!batch.quiet) this.#mark();
    this.#next();
  }

  /** After a killed process the floor then covers everything that was acknowledged. */
  #mark(): void {
    const { packer } = this.#deps;
    if (this.#underWay !== undefined || packer.filling !== undefined || this.#closing) return;
    packer.putMarker().quiet = true;
  }

  /** Makes the file of the batch when it is a new one: the one before is safe then, and the new name too. */
  async #ensure(file: JournalFile): Promise<void> {
    const { disk, files, settings } = this.#deps;
    if (file.made) return;
    const syncs = settings.durability === 'fsync';
    const previous = files.bySequence.get(file.header.previous.sequence);
    if (syncs && previous?.handle !== undefined && previous.durable < previous.end) {
      await syncOnce(previous.handle);
      previous.durable = previous.end;
    }
    file.handle ??= await disk.create(file.name);
    await writeWhole(file.handle, files.areaOf(file), { at: 0, progress: 0 });
    if (syncs) {
      await syncOnce(file.handle);
      await syncOnce({ sync: () => disk.syncFolder() });
    }
    files.made(file);
  }

  /** Goes on with a step where it stopped as soon as the disk has room again; when closing only a few times at once. */
  async #withRoom(step: () => Promise<void>): Promise<void> {
    for (let last = LAST_TRIES; ; last -= this.#closing ? 1 : 0) {
      try {
        await step();
        return;
      } catch (error) {
        if (!isNoRoom(error) || last === 0 || this.failure !== undefined) throw error;
        await this.#deps.space.awaitRoom();
      }
    }
  }
}

/**
 * After a failed sync nobody can tell what is on the disk, and a second one may succeed without the data: whatever
 * the error says, it must not look like one that trying again would help.
 */
async function syncOnce(file: { sync(): Promise<void> }): Promise<void> {
  try {
    await file.sync();
  } catch (cause) {
    throw new Error('The journal could not be synced.', { cause });
  }
}

async function writeBatch(batch: Batch, handle: NonNullable<JournalFile['handle']>): Promise<void> {
  let at = batch.at;
  for (const [index, chunk] of batch.chunks.entries()) {
    if (index >= batch.writtenChunks) {
      const place = { at, progress: batch.writtenBytes };
      try {
        await writeWhole(handle, chunk.bytes.subarray(0, chunk.used), place);
      } finally {
        batch.writtenBytes = place.progress;
      }
      batch.writtenChunks += 1;
      batch.writtenBytes = 0;
    }
    at += chunk.used;
  }
}
