import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Rig } from './earshot.ts';

/** Markers of work under way: a worker takes them away a moment after a result can be seen. */
const PENDING = join('_earshot', 'pending');

/** Every object in the rig's store by key, markers of work apart, each with the SHA-256 of its bytes. */
export async function storedObjects(rig: Rig): Promise<Readonly<Record<string, string>>> {
  const root = join(rig.folder.path, 'objects');
  const files = (await filesBelow(root)).filter((file) => !relative(root, file).startsWith(PENDING));
  const hashed = await Promise.all(
    files.sort().map(async (file) => {
      const hash = createHash('sha256').update(await readFile(file));
      return [relative(root, file), hash.digest('hex')] as const;
    }),
  );
  return Object.fromEntries(hashed);
}

/** A folder that is taken away while it is read is no reason to fail: the walk begins again. */
async function filesBelow(root: string): Promise<string[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    } catch (error) {
      const isGone =
        typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
      if (!isGone || attempt === 10) throw error;
    }
  }
}

/** Names of uploads that are on local disk and not part of a session. */
export async function spooledFiles(rig: Rig): Promise<readonly string[]> {
  return readdir(join(rig.folder.path, 'spool')).catch(() => []);
}
