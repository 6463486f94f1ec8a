import { join } from 'node:path';
import { createKeyring, readPrivateFile, writePrivateFile } from '@earshot/runtime';
import { createSessionArchive, openObjectStore } from '@earshot/storage';

/** The key that the first user of a fresh server works with. */
export interface FirstKey {
  readonly key: string;
  readonly file: string;
  /** True only when it was made just now: the one time to show it. */
  readonly created: boolean;
}

/**
 * The key kept in the data folder, made anew when there is none or when it was revoked. The store holds
 * only its hash; the file, readable by its owner alone, holds the key itself.
 */
export async function findFirstKey(dataFolder: string, objectStore: string): Promise<FirstKey> {
  const file = join(dataFolder, 'api-key');
  const names = { tenant: 'default', name: 'first key' };
  const store = openObjectStore(objectStore);
  try {
    // This is the first use of the store, and may be what makes its bucket.
    await store.probe();
    const keyring = createKeyring({ store: createSessionArchive(store) });
    const kept = await readPrivateFile(file);
    if (kept !== undefined && (await keyring.importKey(kept, names)).revokedAt === null) {
      return { key: kept, file, created: false };
    }
    const { key } = await keyring.create(names);
    await writePrivateFile(file, key);
    return { key, file, created: true };
  } finally {
    await store.close();
  }
}
