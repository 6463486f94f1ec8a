import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Rig } from './earshot.ts';

/** Every object in the rig's store by key, each with the SHA-256 of its bytes. */
export async function storedObjects(rig: Rig): Promise<Readonly<Record<string, string>>> {
  const root = join(rig.folder.path, 'objects');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashed = await Promise.all(
    files.sort().map(async (file) => {
      const hash = createHash('sha256').update(await readFile(file));
      return [relative(root, file), hash.digest('hex')] as const;
    }),
  );
  return Object.fromEntries(hashed);
}

/** Names of uploads that are on local disk and not part of a session. */
export async function spooledFiles(rig: Rig): Promise<readonly string[]> {
  return readdir(join(rig.folder.path, 'spool')).catch(() => []);
}
