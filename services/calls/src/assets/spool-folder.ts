import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'audio-';
/** Other processes may be writing here; what nobody touched for an hour was left by a crash. */
const LEFTOVER_MS = 3_600_000;

/** A file that goes away with whoever asked for it. */
export interface SpoolFile {
  readonly path: string;
  remove(): Promise<void>;
}

/** Where audio lies while it is prepared, readable by this user alone. */
export interface SpoolFolder {
  /** A new name; nothing is written yet. */
  newFile(): Promise<SpoolFile>;
  /** Removes what crashed processes left; resolves with how many files. */
  sweep(now: Date): Promise<number>;
}

export function createSpoolFolder(folder: string): SpoolFolder {
  return {
    async newFile() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${PREFIX}${randomUUID()}`);
      return { path, remove: () => rm(path, { force: true }) };
    },
    async sweep(now) {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(PREFIX));
      let removed = 0;
      for (const path of names.map((name) => join(folder, name))) {
        const found = await stat(path).catch(() => undefined);
        if (found === undefined || now.getTime() - found.mtimeMs <= LEFTOVER_MS) continue;
        await rm(path, { force: true });
        removed += 1;
      }
      return removed;
    },
  };
}
