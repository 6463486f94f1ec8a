import type { Gap, SessionRef, TrackName } from '@earshot/protocol';
import type { JournalDisk, JournalTime } from './disk.ts';

/**
 * What a durable position survives: `fsync` a power failure of the machine (fdatasync before it counts), `os` a
 * killed process but no power failure (written, not synced), `off` nothing (counts as soon as it is in memory).
 */
export type Durability = 'fsync' | 'os' | 'off';

export interface JournalSettings {
  readonly durability: Durability;
  /** A batch is committed this long after its first record, ms (5 to 20 is sensible). */
  readonly commitMs: number;
  /** … or as soon as it has this many bytes. */
  readonly commitBytes: number;
  /** A file is closed and the next one begun beyond this size. */
  readonly fileBytes: number;
  /** Bytes of a preallocated file that is given up when the disk is full, so that live streams can end in order. */
  readonly reserveBytes: number;
  /** With fewer free bytes than this `state` is `low`: no new streams. */
  readonly lowWaterBytes: number;
  /** With more bytes than this waiting to be durable, `room()` asks writers to wait. */
  readonly maxUnsyncedBytes: number;
}

export interface JournalDeps {
  readonly disk: JournalDisk;
  readonly time: JournalTime;
  /** Random bytes for the secret that marks this journal's records. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly settings: JournalSettings;
  /** Called once when the journal can no longer keep its promise (a failed sync): the process has to leave. */
  readonly onFailure: (error: Error) => void;
}

/** A range of samples of one track, `to` exclusive. */
export interface JournalRange {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly from: number;
  readonly to: number;
}

/** `ok`; `low`: little room, refuse new streams; `full`: nothing can be written now; `failed`: for good. */
export type JournalState = 'ok' | 'low' | 'full' | 'failed';

/** The audio of one session on this node, as far as it is not archived. */
export interface JournalStream {
  readonly ref: SessionRef;
  /** The newest epoch that began here. */
  readonly epoch: number;
  /**
   * A new writer. From now on records of older epochs are refused. `meta` is any small JSON that recovery hands back;
   * it replaces what was there. Durable with everything appended before `whenDurable` is called.
   */
  begin(epoch: number, meta: Record<string, unknown>): void;
  /** Replaces the meta. */
  describe(meta: Record<string, unknown>): void;
  /**
   * Appends PCM16LE of one track; `pcm` is copied. `from` must be where the track stands (`end`), or anywhere at
   * or behind it for a track's first record or after `skip`. Throws a RangeError otherwise, and `JournalFenced`
   * for an epoch that is not the newest.
   */
  append(range: { epoch: number; track: TrackName; sampleRate: number; from: number }, pcm: Uint8Array): void;
  /** Appends a gap: samples that count on the track but never came. Reads give zeros for it. */
  skip(range: JournalRange & { readonly epoch: number; readonly reason: Gap['reason'] }): void;
  /** Where a track stands: the position behind the last record, 0 without one. */
  end(track: TrackName): number;
  /** The position below which everything of the track is durable (and stays so after a crash). */
  durable(track: TrackName): number;
  /** The first position still held here, or `end` when nothing is. */
  start(track: TrackName): number;
  /** What is held and not released, in order, gaps included. */
  ranges(): readonly JournalRange[];
  /** The gaps among them. */
  gaps(): readonly Gap[];
  /**
   * PCM16LE of [from, to), checked against its checksums; gaps are zeros. Rejects with
   * `JournalDamaged` (its `ranges` say what is bad), or with the system's error, which need not last.
   */
  read(track: TrackName, from: number, to: number): Promise<Uint8Array>;
  /** As `read`, into the caller's memory, as much as fits in it; nothing is written there any more once this is over. */
  readInto(track: TrackName, from: number, pcm: Uint8Array): Promise<void>;
  /** Everything of the track below `to` is archived and verified: its place on disk may be reused. */
  release(track: TrackName, to: number): void;
  /** Nothing of the session is needed any more. */
  close(): void;
  /** Overwrites the session's audio on disk, and forgets it; resolves when that is durable. */
  erase(): Promise<{ readonly bytes: number }>;
}

/** An append-only log of one node. One process may have a folder open at a time. */
export interface Journal {
  readonly state: JournalState;
  /** The stream of a session: the one that is open already, or a new one. */
  stream(ref: SessionRef): JournalStream;
  /** Resolves when everything appended so far is durable; rejects when it never will be. */
  whenDurable(): Promise<void>;
  /** Told after every commit which streams moved their durable positions. */
  onCommit(listener: (streams: ReadonlySet<JournalStream>) => void): void;
  /** Told when `state` changes. */
  onState(listener: (state: JournalState) => void): void;
  /** A promise while too much waits to be durable; undefined when there is room. */
  room(): Promise<void> | undefined;
  /** Files, bytes on disk, bytes not yet durable, free bytes as last seen, commits and their latencies in ms since the last call. */
  figures(): JournalFigures;
  /** Commits what is there and closes the files. */
  close(): Promise<void>;
}

export interface JournalFigures {
  readonly files: number;
  readonly bytes: number;
  readonly unsyncedBytes: number;
  readonly freeBytes: number;
  readonly commits: number;
  readonly commitMs: readonly number[];
}

/** What was found when the journal was opened. */
export interface Recovery {
  /** Streams with audio that was not released, or whose last epoch did not close. */
  readonly streams: readonly RecoveredStream[];
  /** Ranges of files that cannot be read and have good records behind them, or lie below what was known to be durable. */
  readonly damage: readonly { readonly file: string; readonly from: number; readonly to: number }[];
  /** Bytes cut off behind the last good record of the last file: nothing of it was ever acknowledged. */
  readonly tornBytes: number;
}

export interface RecoveredStream {
  readonly stream: JournalStream;
  readonly meta: Record<string, unknown>;
  /** Audio that was durable once and cannot be read any more; it is in `stream.gaps()` with the reason `corrupt`. */
  readonly damaged: readonly JournalRange[];
  /** True when damage near its last record may have taken more of its end than can be told. */
  readonly endInDoubt: boolean;
}

/** Opens the journal in a folder and recovers what an earlier process left; a crash meanwhile changes nothing. */
export type OpenJournal = (deps: JournalDeps) => Promise<{ journal: Journal; recovery: Recovery }>;
