import type { SessionRef } from '@earshot/protocol';
import { Eraser } from './erasing/eraser.ts';
import { FileSet } from './held/file-set.ts';
import type { HeldTrack, StreamState } from './held/stream-state.ts';
import type { Journal, JournalDeps, JournalFigures, JournalState, JournalStream } from './journal.ts';
import { RangeReader } from './reading/range-reader.ts';
import { SessionStream } from './streams/session-stream.ts';
import { StreamTable } from './streams/stream-table.ts';
import { Committer } from './writing/committer.ts';
import { Packer } from './writing/packer.ts';
import { Reaper } from './writing/reaper.ts';
import { RecordLog } from './writing/record-log.ts';
import { Space } from './writing/space.ts';

/** The journal of a folder: joins the parts that write, read, remove and erase. */
export class JournalLog implements Journal {
  readonly files: FileSet;
  readonly streams = new StreamTable();
  readonly packer: Packer;
  readonly committer: Committer;
  readonly space: Space;
  readonly log: RecordLog;
  readonly reader: RangeReader;
  readonly eraser: Eraser;
  readonly reaper: Reaper;
  readonly #deps: JournalDeps;
  readonly #listeners: ((streams: ReadonlySet<JournalStream>) => void)[] = [];
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #closed: Promise<void> | undefined;

  constructor(deps: JournalDeps) {
    const { disk, time, settings } = deps;
    this.#deps = deps;
    this.files = new FileSet(deps.randomBytes);
    this.space = new Space({ disk, time, settings });
    this.packer = new Packer({
      files: this.files,
      fileBytes: settings.fileBytes,
      elapsedMs: () => time.elapsedMs(),
      nextStream: () => this.streams.nextNumber,
      begun: (batch) => {
        this.committer.begun(batch);
      },
    });
    const { files, packer, space } = this;
    this.committer = new Committer({
      disk,
      time,
      settings,
      files,
      packer,
      space,
      stored: (tracks) => {
        this.#stored(tracks);
      },
      failed: (error) => {
        this.#failed(error);
      },
    });
    const { committer } = this;
    this.log = new RecordLog({ packer, committer, space, settings });
    this.reader = new RangeReader({
      files,
      whenStored: () => committer.whenStored(),
      appended: () => packer.appended,
      elapsedMs: () => time.elapsedMs(),
    });
    this.eraser = new Eraser({ files, streams: this.streams, log: this.log, committer });
    this.reaper = new Reaper({
      disk,
      files,
      packer,
      committer,
      log: this.log,
      forget: (state) => {
        this.streams.forget(state);
      },
    });
  }

  get state(): JournalState {
    return this.space.state;
  }

  stream(ref: SessionRef): JournalStream {
    return this.handleOf(this.streams.open(ref));
  }

  /** What users hold of a stream. */
  handleOf(state: StreamState): JournalStream {
    state.handle ??= new SessionStream(state, {
      log: this.log,
      reader: this.reader,
      durableAtOnce: this.#deps.settings.durability === 'off',
      dropRecord: (file) => {
        this.files.drop(file);
      },
      released: () => {
        this.reaper.reap();
      },
      closed: (closed) => {
        this.streams.closed(closed);
      },
      erase: (ref) => this.eraser.erase(ref),
    });
    return state.handle;
  }

  whenDurable(): Promise<void> {
    const { failure } = this.committer;
    if (this.#deps.settings.durability !== 'off') return this.committer.whenStored();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  }

  onCommit(listener: (streams: ReadonlySet<JournalStream>) => void): void {
    this.#listeners.push(listener);
  }

  onState(listener: (state: JournalState) => void): void {
    this.space.onState(listener);
  }

  room(): Promise<void> | undefined {
    if (this.#isRoom()) return undefined;
    this.#room ??= deferred();
    return this.#room.promise;
  }

  figures(): JournalFigures {
    const { committer } = this;
    const commitMs = committer.latencies;
    const { commits } = committer;
    committer.latencies = [];
    committer.commits = 0;
    let bytes = 0;
    for (const unusable of this.files.unusable.values()) bytes += unusable;
    for (const file of this.files.bySequence.values()) bytes += file.end;
    return {
      files: this.files.bySequence.size,
      bytes,
      unsyncedBytes: this.log.unsyncedBytes,
      freeBytes: this.space.freeBytes,
      commits,
      commitMs,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Closes the files and writes nothing more. */
  async abandon(): Promise<void> {
    this.space.close();
    await this.reaper.stop();
    for (const file of this.files.bySequence.values()) await file.handle?.close().catch(() => undefined);
  }

  async #close(): Promise<void> {
    this.log.stop();
    const committed = this.committer.close();
    this.space.close();
    try {
      await committed;
    } finally {
      await this.abandon();
    }
  }

  #isRoom(): boolean {
    if (this.committer.failure !== undefined) return true;
    return this.log.unsyncedBytes <= this.#deps.settings.maxUnsyncedBytes;
  }

  #stored(tracks: readonly HeldTrack[]): void {
    if (tracks.length > 0) {
      const moved = new Set(tracks.map(({ stream }) => this.handleOf(stream)));
      for (const listener of this.#listeners) listener(moved);
    }
    this.#offerRoom();
    this.reaper.reap();
  }

  #failed(error: Error): void {
    this.space.fail();
    this.#offerRoom();
    this.#deps.onFailure(error);
  }

  #offerRoom(): void {
    if (!this.#isRoom()) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
