import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChecksumMismatch, type WriteOutcome } from '../port/object-store.ts';
import { errorCode, isMissing } from './folder-failure.ts';

/** In the same file system as the objects, so that a rename is atomic; keys never begin with a dot. */
const TEMPORARY = '.writing';
/** Other processes may be writing; what nobody touched for an hour was left by a crash. */
const LEFTOVER_MS = 3_600_000;
/** Of a file that is copied, bytes. */
const READ_BYTES = 262_144;
/** Answers of file systems that cannot link these two names. */
const LINKLESS = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES']);
/** A folder may be pruned between making and using it; more than a few times in a row means something else. */
const PLACE_ATTEMPTS = 50;

/** Makes the folder and removes what crashed writers left in it. */
export async function prepareFolder(root: string, nowMs: number): Promise<void> {
  const temporary = join(root, TEMPORARY);
  await makeFolder(temporary);
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined && nowMs - info.mtimeMs > LEFTOVER_MS) await rm(path, { force: true });
  }
}

/** What is to be stored, where, and how. */
export interface FolderWrite {
  readonly root: string;
  readonly key: string;
  readonly source:
    | { readonly body: Uint8Array }
    | { readonly path: string; readonly handedOver?: FileHandle | undefined };
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  readonly createOnly: boolean;
}

/** Writes and syncs a temporary file, then gives it its name in one step and syncs the folder. */
export async function writeObject(write: FolderWrite): Promise<WriteOutcome> {
  const target = join(write.root, write.key);
  const adopted = await adopt(write, target);
  if (adopted !== undefined) return adopted;
  const temporary = join(write.root, TEMPORARY, randomUUID());
  let renamed = false;
  try {
    await writeTemporary(temporary, write);
    const outcome = await place(temporary, target, write.createOnly);
    renamed = !write.createOnly;
    return outcome;
  } finally {
    if (!renamed) await removeName(temporary);
  }
}

async function removeName(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

async function writeTemporary(temporary: string, write: FolderWrite): Promise<void> {
  const handle = await open(temporary, 'wx');
  try {
    const written = await copyInto(handle, write);
    const wrongLength = write.bytes !== undefined && written.bytes !== write.bytes;
    const wrongBytes = write.sha256 !== undefined && written.sha256 !== write.sha256;
    if (wrongLength || wrongBytes) throw new ChecksumMismatch(write.key);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Keeps a handed over file itself; undefined when that is none, must replace another, or lies in another file system. */
async function adopt(write: FolderWrite, target: string): Promise<WriteOutcome | undefined> {
  const { source, createOnly } = write;
  if (!createOnly || !('path' in source) || source.handedOver === undefined) return undefined;
  const { path, handedOver } = source;
  const { size } = await handedOver.stat();
  if (size !== write.bytes) throw new ChecksumMismatch(write.key);
  // Readable for whom other objects are: those that made the folder, by its umask.
  await handedOver.chmod((await stat(join(write.root, TEMPORARY))).mode & 0o666);
  await handedOver.sync();
  try {
    return await place(path, target, true);
  } catch (error) {
    if (LINKLESS.has(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function copyInto(handle: FileHandle, write: FolderWrite): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const chunks =
    'body' in write.source
      ? [write.source.body]
      : createReadStream(write.source.path, { highWaterMark: READ_BYTES });
  let bytes = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a file is read as bytes');
    hash.update(chunk);
    bytes += chunk.length;
    // Writes on from where the handle stands, until all of the chunk is written.
    await handle.writeFile(chunk);
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function place(temporary: string, target: string, createOnly: boolean): Promise<WriteOutcome> {
  const folder = dirname(target);
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt > 1) await makeFolder(folder);
      // A link fails when the name is taken, a rename replaces: both in one step.
      await (createOnly ? link(temporary, target) : rename(temporary, target));
      await syncFolder(folder);
      return 'created';
    } catch (error) {
      if (createOnly && errorCode(error) === 'EEXIST') {
        // The winner may not have synced yet; "exists" must hold after a power cut too.
        await syncFolder(folder);
        return 'exists';
      }
      if (!isMissing(error) || attempt === PLACE_ATTEMPTS) throw error;
    }
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}

async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch (error) {
    // Pruned meanwhile, so there is no entry left to keep.
    if (isMissing(error)) return;
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes objects and the folders that this empties, never the root. */
export async function removeObjects(root: string, keys: readonly string[]): Promise<void> {
  const folders = new Set<string>();
  for (const key of keys) {
    const path = join(root, key);
    try {
      await unlink(path);
      folders.add(dirname(path));
    } catch (error) {
      const code = errorCode(error);
      // EISDIR and EPERM: the path is the folder of other objects.
      if (!isMissing(error) && code !== 'EISDIR' && code !== 'EPERM') throw error;
    }
  }
  for (const folder of folders) await prune(root, folder);
}

async function prune(root: string, emptied: string): Promise<void> {
  let folder = emptied;
  while (folder.length > root.length) {
    try {
      await rmdir(folder);
    } catch (error) {
      // ENOENT: somebody else pruned it; anything else: it is in use.
      if (errorCode(error) !== 'ENOENT') break;
    }
    folder = dirname(folder);
  }
  await syncFolder(folder);
}
