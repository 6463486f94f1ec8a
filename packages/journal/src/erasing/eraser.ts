import type { SessionRef } from '@earshot/protocol';
import { writeWhole } from '../disk/whole.ts';
import { RECORD, RECORD_HEAD_BYTES } from '../format/record.ts';
import type { FileSet } from '../held/file-set.ts';
import type { JournalFile } from '../held/journal-file.ts';
import type { StreamState } from '../held/stream-state.ts';
import { readAll } from '../recovery/files/found-file.ts';
import { scan } from '../recovery/scan.ts';
import type { StreamTable } from '../streams/stream-table.ts';
import type { Committer } from '../writing/committer.ts';
import type { RecordLog } from '../writing/record-log.ts';

export interface EraserDeps {
  readonly files: FileSet;
  readonly streams: StreamTable;
  readonly log: RecordLog;
  readonly committer: Committer;
}

/**
 * Overwrites what the files hold of a session. The erase record is durable before the first byte goes: whatever
 * happens then, the next start finishes it.
 */
export class Eraser {
  readonly #deps: EraserDeps;

  constructor(deps: EraserDeps) {
    this.#deps = deps;
  }

  async erase(ref: SessionRef): Promise<{ readonly bytes: number }> {
    const { files, streams, log, committer } = this.#deps;
    const states = streams.ofSession(ref);
    log.admit(0);
    for (const state of states) {
      state.closed = true;
      state.erased = true;
      for (const track of state.tracks) {
        if (track === undefined) continue;
        track.start = track.end;
        track.records.release(track.end, (file) => {
          files.drop(file);
        });
      }
      if (state.files.size > 0) log.erase(state);
      streams.closed(state);
    }
    log.ready();
    await committer.whenStored();
    return { bytes: await this.overwrite(states) };
  }

  /** Overwrites the audio of erased streams in every file that mentions them, and tells how much there was. */
  async overwrite(states: readonly StreamState[]): Promise<number> {
    const numbers = new Set(states.map(({ number }) => number));
    const touched = new Set(states.flatMap(({ files }) => [...files].map(({ sequence }) => sequence)));
    let bytes = 0;
    for (const sequence of touched) {
      const file = this.#deps.files.bySequence.get(sequence);
      if (file !== undefined) bytes += await this.#overwriteIn(file, numbers);
    }
    return bytes;
  }

  async #overwriteIn(file: JournalFile, numbers: ReadonlySet<number>): Promise<number> {
    const { handle } = file;
    if (handle === undefined) return 0;
    file.readers += 1;
    try {
      const { records } = scan(await readAll(handle, file.end), file.header);
      let bytes = 0;
      for (const { type, stream, at, length } of records) {
        if (type !== RECORD.audio || !numbers.has(stream)) continue;
        await writeWhole(handle, new Uint8Array(length), { at: at + RECORD_HEAD_BYTES, progress: 0 });
        bytes += length;
      }
      if (bytes > 0) await this.#deps.committer.sync(handle);
      return bytes;
    } finally {
      file.readers -= 1;
      await file.leave();
    }
  }
}
