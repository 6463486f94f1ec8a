import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockFolder, readPrivateFile, writePrivateFile } from '@earshot/runtime';

/** A journal's folder, held by this process. */
export interface JournalFolder {
  readonly path: string;
  /** Name of the node that the journal belongs to; the same after a restart. */
  readonly node: string;
  release(): Promise<void>;
}

/** Takes the folder for this process; throws `FolderInUse` when another one has it. */
export async function holdJournalFolder(path: string, wanted: string | undefined): Promise<JournalFolder> {
  await mkdir(path, { recursive: true });
  const release = await lockFolder(path);
  try {
    return { path, release, node: await nodeName(path, wanted) };
  } catch (error) {
    await release();
    throw error;
  }
}

async function nodeName(path: string, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) return wanted;
  const file = join(path, 'node');
  const known = await readPrivateFile(file);
  if (known !== undefined && known !== '') return known;
  const name = `${hostname()}-${randomBytes(6).toString('hex')}`;
  await writePrivateFile(file, name);
  return name;
}
