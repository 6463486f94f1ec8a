import { readFile, rename, writeFile } from 'node:fs/promises';
import { systemFailure } from './system-failure.ts';

/** Reads a small file, trimmed; undefined when there is none. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (systemFailure(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file that only its owner can read, whole or not at all. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`;
  await writeFile(partial, `${text}\n`, { mode: 0o600 });
  await rename(partial, path);
}
