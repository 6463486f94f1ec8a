import { JournalDamaged } from '../errors.ts';
import { reasonCode } from '../format/codes.ts';
import type { FileSet } from '../held/file-set.ts';
import type { HeldTrack } from '../held/stream-state.ts';
import type { RangeReader } from '../reading/range-reader.ts';
import { type RecordLog, standings } from '../writing/record-log.ts';
import type { FoundStream } from './found-stream.ts';
import { type Entry, entriesOf, pushEntry } from './holes.ts';
import type { RecoveredFile } from './recover.ts';

export interface RewriteDeps {
  readonly files: FileSet;
  readonly log: RecordLog;
  readonly reader: RangeReader;
  readonly recovered: readonly RecoveredFile[];
}

/**
 * Writes again what may lie only in the page cache since an earlier process failed to sync it: the state of streams
 * and the records above the floor. Each file is then cut off there, once the copies are durable.
 */
export class Rewrite {
  readonly #deps: RewriteDeps;
  readonly #sureBytes: Map<number, number>;

  constructor(deps: RewriteDeps) {
    this.#deps = deps;
    this.#sureBytes = new Map(deps.recovered.map(({ file, sureBytes }) => [file.sequence, sureBytes]));
  }

  async stream({ state, unsure }: FoundStream): Promise<void> {
    if (state.closed) {
      if (unsure) this.#deps.log.tell(state);
      return;
    }
    const moved = new Map<HeldTrack, Entry[]>();
    for (const track of state.tracks) if (track !== undefined) moved.set(track, this.#takeUnsure(track));
    this.#deps.log.tell(state, standings(state));
    for (const [track, entries] of moved) for (const entry of entries) await this.#move(track, entry);
  }

  /** Syncs whole files too: an earlier recovery may have been killed between its cut and its sync. */
  async cut(): Promise<void> {
    for (const { file, sureBytes, bytes } of this.#deps.recovered) {
      if (bytes > sureBytes) await file.handle?.truncate(sureBytes);
      await file.handle?.sync();
    }
  }

  /** Takes the records from the first unsure one on out of the track. */
  #takeUnsure(track: HeldTrack): Entry[] {
    const entries = entriesOf(track.records);
    const from = entries.findIndex(
      ({ file, at }) => at >= (this.#sureBytes.get(file) ?? Number.POSITIVE_INFINITY),
    );
    if (from < 0) return [];
    const taken = entries.slice(from);
    track.records.head = 0;
    track.records.tail = 0;
    for (const entry of entries.slice(0, from)) pushEntry(track.records, entry);
    track.end = Math.max(track.start, taken[0]?.first ?? 0);
    return taken;
  }

  async #move(track: HeldTrack, entry: Entry): Promise<void> {
    const { files, log } = this.#deps;
    const to = entry.first + entry.samples;
    if (entry.reason === 0) {
      const pcm = await this.#payload(track, entry);
      if (pcm === undefined) log.gap(track, { from: entry.first, to }, reasonCode('corrupt'));
      else log.audio(track, entry.first, pcm);
    } else log.gap(track, { from: entry.first, to }, entry.reason);
    files.drop(entry.file);
  }

  async #payload(track: HeldTrack, entry: Entry): Promise<Uint8Array | undefined> {
    try {
      return await this.#deps.reader.readRecord(track, entry);
    } catch (error) {
      if (error instanceof JournalDamaged) return undefined;
      throw error;
    }
  }
}
