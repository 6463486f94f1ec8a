import { hasCode } from '../disk/whole.ts';
import type { JournalDisk } from '../disk.ts';
import type { FileSet } from '../held/file-set.ts';
import type { JournalFile } from '../held/journal-file.ts';
import type { StreamState } from '../held/stream-state.ts';
import type { Committer } from './committer.ts';
import type { Packer } from './packer.ts';
import type { RecordLog } from './record-log.ts';

/** An active file in which everything is released is left behind when it has more audio than this, bytes. */
const LEAVE_BYTES = 1_048_576;

export interface ReaperDeps {
  readonly disk: JournalDisk;
  readonly files: FileSet;
  readonly packer: Packer;
  readonly committer: Committer;
  readonly log: RecordLog;
  /** Nothing mentions the closed stream any more. */
  readonly forget: (state: StreamState) => void;
}

/** Removes files that hold nothing any more, one after the other. */
export class Reaper {
  readonly #deps: ReaperDeps;
  #removing: Promise<void> | undefined;
  #stopped = true;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
  }

  /** Nothing is removed before. */
  start(): void {
    this.#stopped = false;
    this.reap();
  }

  /** To be called after every commit and after every release. */
  reap(): void {
    const { files, committer, packer } = this.#deps;
    if (this.#stopped || committer.failure !== undefined) return;
    const { active } = files;
    if (
      active !== undefined &&
      active.held === 0 &&
      active.audioBytes > LEAVE_BYTES &&
      packer.filling === undefined
    ) {
      packer.rotate();
      packer.putMarker();
    }
    this.#leave([...files.empty].filter(({ removeAfter }) => removeAfter === undefined));
    this.#removing ??= this.#next();
  }

  /** Resolves when no removal is under way, and begins none any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#removing;
  }

  /** The files go as soon as the journal says durably that they are no part of it. */
  #leave(leaving: readonly JournalFile[]): void {
    if (leaving.length === 0) return;
    const { log, packer } = this.#deps;
    for (const file of leaving) this.#carryOver(file);
    for (const file of leaving) file.removeAfter = Number.POSITIVE_INFINITY;
    packer.putLedger();
    for (const file of leaving) file.removeAfter = packer.appended;
    log.ready();
  }

  /**
   * What a file says of streams that are open, or that an older file mentions, is said again before it goes: else a
   * recovery would find them as they were earlier.
   */
  #carryOver(file: JournalFile): void {
    const { log } = this.#deps;
    for (const state of file.streams) {
      const needed = !state.closed || state.isMentionedBefore(file.sequence);
      if (needed && state.newestMention() === file.sequence) log.tell(state);
    }
  }

  #next(): Promise<void> | undefined {
    const { files, committer } = this.#deps;
    for (const file of files.empty) {
      const ready = file.removeAfter !== undefined && file.removeAfter <= committer.committed;
      if (ready && !this.#stopped) return this.#remove(file);
    }
    return undefined;
  }

  /** The folder is synced before the next file goes, so that files vanish in this order even in a power cut. */
  async #remove(file: JournalFile): Promise<void> {
    const { disk, files, forget } = this.#deps;
    files.empty.delete(file);
    try {
      await disk.remove(file.name).catch(unlessMissing);
      await disk.syncFolder();
      file.removed = true;
      files.forget(file);
      for (const state of file.streams) {
        state.files.delete(file);
        if (state.closed && state.files.size === 0) forget(state);
      }
      await file.leave();
      this.#removing = this.#next();
    } catch {
      // Tried again after the next commit; files behind it wait too.
      if (!file.removed) files.empty.add(file);
      this.#removing = undefined;
    }
  }
}

function unlessMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}
