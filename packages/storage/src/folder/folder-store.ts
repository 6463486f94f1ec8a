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
  const access = createAccess(resolve(root));
  const store: ObjectStore = {
    description: 'folder',
    ...readingOperations(access),
    ...writingOperations(access),
    listAll: (prefix) => listPages(store, prefix),
    probe: () => probeCreateOnly(store),
    close: () => Promise.resolve(),
  };
  return store;
}

/** The way of all operations to the file system. */
interface FolderAccess {
  readonly folder: string;
  /** Runs a task when a place is free; failures of the file system come as catalogue errors. */
  readonly attempt: <T>(task: () => Promise<T>) => Promise<T>;
  /** The same for tasks that write: the first makes and tidies the folder. */
  readonly change: <T>(task: () => Promise<T>) => Promise<T>;
}

function createAccess(folder: string): FolderAccess {
  const semaphore = createSemaphore(MAX_OPERATIONS);
  let prepared: Promise<void> | undefined;
  const ready = async (): Promise<void> => {
    prepared ??= prepareFolder(folder, Date.now());
    await prepared.catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
  };
  const attempt = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await semaphore.run(task);
    } catch (error) {
      throw folderFailure(error);
    }
  };
  return { folder, attempt, change: (task) => attempt(() => ready().then(task)) };
}

function writingOperations(access: FolderAccess): Pick<ObjectStore, 'put' | 'putFile' | 'remove'> {
  const { folder, change } = access;
  return {
    put: async (key, body, { createOnly = false, sha256 } = {}) => {
      assertKey(key);
      return change(() => writeObject({ root: folder, key, source: { body }, sha256, createOnly }));
    },
    putFile: async (key, path, { createOnly = false, bytes, sha256, handedOver }) => {
      assertKey(key);
      const source = { path, handedOver };
      return change(() => writeObject({ root: folder, key, source, bytes, sha256, createOnly }));
    },
    remove: async (keys) => {
      keys.forEach(assertKey);
      await change(() => removeObjects(folder, keys));
    },
  };
}

function readingOperations(access: FolderAccess): Pick<ObjectStore, 'get' | 'read' | 'head' | 'list'> {
  const { folder, attempt } = access;
  return {
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
  };
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
