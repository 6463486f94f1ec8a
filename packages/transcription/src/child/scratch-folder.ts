import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'earshot-scratch-';

/** No job lives this long, ms. */
const STALE_MS = 6 * 3_600_000;

/** A folder that only this user can read. */
export interface ScratchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes a private folder for one job's audio, under the system's temporary folder or the one given, made if need be. */
export async function createScratchFolder(parent: string = tmpdir()): Promise<ScratchFolder> {
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, PREFIX));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Removes folders that killed processes left behind with audio in them; those younger than six hours may be in use.
 * Resolves with how many were removed; never rejects.
 */
export async function removeStaleScratch(
  parent: string = tmpdir(),
  now: number = Date.now(),
): Promise<number> {
  const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  let removed = 0;
  for (const path of names.map((name) => join(parent, name))) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || now - found.mtimeMs < STALE_MS) continue;
    const gone = await rm(path, { recursive: true, force: true }).then(
      () => 1,
      () => 0,
    );
    removed += gone;
  }
  return removed;
}
