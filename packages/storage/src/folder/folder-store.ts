import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createSemaphore } from '../concurrency/semaphore.ts';
import { assertKey, assertPrefix, assertRange } from '../port/object-key.ts';
import { listPages } from '../port/object-listing.ts';
import { type ByteRange, ObjectNotFound, type ObjectStore } from '../port/object-store.ts';
import { probeCreateOnly } from '../port/probe.ts';
import { folderFailure, isMissing } from './folder-failure.ts';
import { infoOf, listFolder } from './folder-walk.ts';
import { prepareFolder, removeObjects, writeObject } from './folder-write.ts';

/** Files open at once, far below usual limits. */
const MAX_OPERATIONS = 64;

/**
 * Keeps objects as files below a folder on one machine; any number of processes may share it. The file system must know
 * hard links and tell upper from lower case, and a key cannot also be the folder of other keys.
 */
export function createFolderStore(root: string): ObjectStore {
  const folder = resolve(root);
  const semaphore = createSemaphore(MAX_OPERATIONS);
  let prepared: Promise<void> | undefined;
  const attempt = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await semaphore.run(task);
    } catch (error) {
      throw folderFailure(error);
    }
  };
  const ready = async (): Promise<void> => {
    prepared ??= prepareFolder(folder, Date.now());
    await prepared.catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
  };
  const change = <T>(task: () => Promise<T>): Promise<T> => attempt(() => ready().then(task));
  const store: ObjectStore = {
    description: 'folder',
    put: async (key, body, { createOnly = false, sha256 } = {}) => {
      assertKey(key);
      return change(() => writeObject({ root: folder, key, source: { body }, sha256, createOnly }));
    },
    putFile: async (key, path, { createOnly = false, bytes, sha256 }) => {
      assertKey(key);
      return change(() => writeObject({ root: folder, key, source: { path }, bytes, sha256, createOnly }));
    },
    get: async (key) => {
      assertKey(key);
      return attempt(() => readWhole(folder, key));
    },
    read: async (key, range) => {
      assertKey(key);
      if (range !== undefined) assertRange(range);
      return attempt(() => openStream(folder, key, range));
    },
    head: async (key) => {
      assertKey(key);
      return attempt(() => infoOf(folder, key));
    },
    list: async (prefix, options = {}) => {
      assertPrefix(prefix);
      return attempt(() => listFolder(folder, prefix, options));
    },
    listAll: (prefix) => listPages(store, prefix),
    remove: async (keys) => {
      keys.forEach(assertKey);
      await change(() => removeObjects(folder, keys));
    },
    probe: () => probeCreateOnly(store),
    close: () => Promise.resolve(),
  };
  return store;
}

async function readWhole(folder: string, key: string): Promise<Uint8Array> {
  const handle = await openObject(folder, key);
  try {
    // A copy of its own: callers view it as samples, and a pooled buffer may start at an odd address.
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

async function openStream(folder: string, key: string, range: ByteRange | undefined): Promise<Readable> {
  const handle = await openObject(folder, key);
  if (range === undefined) return handle.createReadStream();
  const { start, end } = range;
  if (start < end) return handle.createReadStream({ start, end: end - 1 });
  await handle.close();
  return Readable.from([]);
}

async function openObject(folder: string, key: string): ReturnType<typeof open> {
  try {
    const handle = await open(join(folder, key), 'r');
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  throw new ObjectNotFound(key);
}
