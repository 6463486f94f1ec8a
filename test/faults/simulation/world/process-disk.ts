import type { DiskFile, JournalDisk } from '@earshot/journal';
import type { Life } from '../scheduler/scheduler.ts';

/**
 * A disk as one process sees it: what the process asked for may still be done after its death, but nobody hears of it.
 * `observe` is told of every call before it is made.
 */
export function processDisk(disk: JournalDisk, life: Life, observe: (call: string) => void): JournalDisk {
  const heard = <T>(call: string, make: () => Promise<T>): Promise<T> => {
    if (life.dead) return new Promise(() => undefined);
    observe(call);
    return new Promise((resolve, reject) => {
      make().then(
        (value) => (life.dead ? undefined : resolve(value)),
        (error: unknown) => (life.dead ? undefined : reject(asError(error))),
      );
    });
  };
  const fileOf = (file: DiskFile): DiskFile => ({
    write: (bytes, at) => heard('write', () => file.write(bytes, at)),
    sync: () => heard('sync', () => file.sync()),
    read: (into, at) => heard('read', () => file.read(into, at)),
    truncate: (bytes) => heard('truncate', () => file.truncate(bytes)),
    close: () => heard('close', () => file.close()),
  });
  return {
    list: () => heard('list', () => disk.list()),
    create: (name) => heard('create', async () => fileOf(await disk.create(name))),
    open: (name) => heard('open', async () => fileOf(await disk.open(name))),
    remove: (name) => heard('remove', () => disk.remove(name)),
    syncFolder: () => heard('sync folder', () => disk.syncFolder()),
    freeBytes: () => heard('free', () => disk.freeBytes()),
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
