import { constants, fdatasync, read, readSync, write } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DiskFile, JournalDisk, JournalTime } from '../disk.ts';

/** A folder of the local file system, made if it is missing; other files in it are let alone. */
export async function createNodeDisk(folder: string): Promise<JournalDisk> {
  await makeFolder(resolve(folder));
  return {
    list: () => listFiles(folder),
    create: async (name) =>
      fileOf(await open(join(folder, name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)),
    open: async (name) => fileOf(await open(join(folder, name), constants.O_RDWR)),
    remove: (name) => rm(join(folder, name)),
    syncFolder: () => syncFolder(folder),
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

/** A folder that a power cut takes away takes the journal with it, so each new one is synced into its parent. */
async function makeFolder(folder: string): Promise<void> {
  const highest = await mkdir(folder, { recursive: true });
  if (highest === undefined) return;
  for (let made = folder; made.length >= highest.length; made = dirname(made))
    await syncFolder(dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function listFiles(folder: string): Promise<{ name: string; bytes: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map(async ({ name }) => ({ name, bytes: (await stat(join(folder, name))).size })));
}

/** Callbacks on the descriptor: a file handle's own promises cost twice as much for each small read. */
function fileOf(handle: FileHandle): DiskFile {
  const { fd } = handle;
  return {
    write: (bytes, at) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, 0, bytes.length, at, settled(resolve, reject));
      }),
    sync: () =>
      new Promise((resolve, reject) => {
        fdatasync(fd, settled(resolve, reject));
      }),
    read: (into, at) =>
      new Promise((resolve, reject) => {
        read(fd, into, 0, into.length, at, settled(resolve, reject));
      }),
    readNow: (into, at) => readSync(fd, into, 0, into.length, at),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
}

function settled<Value>(
  resolve: (value: Value) => void,
  reject: (error: Error) => void,
): (error: Error | null, value: Value) => void {
  return (error, value) => {
    if (error === null) resolve(value);
    else reject(error);
  };
}

/** The clock and the timers of the process. */
export const systemJournalTime: JournalTime = {
  elapsedMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
