import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Rig } from './earshot.ts';

/**
 * What is no object: markers of work under way, which a worker takes away a moment after a result can be seen, and
 * objects that are half written.
 */
const PASSING = [join('_earshot', 'pending'), '.writing'];

/** How often a walk begins again that met a file or folder as it was taken away. */
const WALKS = 10;

/** Every object in the rig's store by key, markers of work apart, each with the SHA-256 of its bytes. */
export async function storedObjects(rig: Rig): Promise<Readonly<Record<string, string>>> {
  for (let walk = 1; ; walk += 1) {
    try {
      return await hashesBelow(join(rig.folder.path, 'objects'));
    } catch (error) {
      const isGone =
        typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
      if (!isGone || walk === WALKS) throw error;
    }
  }
}

async function hashesBelow(root: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const keys = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((key) => !PASSING.some((folder) => key.startsWith(folder)));
  const hashed = await Promise.all(
    keys.sort().map(async (key) => {
      const hash = createHash('sha256').update(await readFile(join(root, key)));
      return [key, hash.digest('hex')] as const;
    }),
  );
  return Object.fromEntries(hashed);
}

/** Names of uploads that are on local disk and not part of a session. */
export async function spooledFiles(rig: Rig): Promise<readonly string[]> {
  return readdir(join(rig.folder.path, 'spool')).catch(() => []);
}
