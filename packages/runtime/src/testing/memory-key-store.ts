import type { ApiKeyRecord } from '@earshot/protocol';
import type { KeyStore } from '../auth/key/keyring.ts';

/** A key store in memory that counts its reads and can be told to fail. */
export interface MemoryKeyStore extends KeyStore {
  reads: number;
  away: boolean;
  readonly records: Map<string, ApiKeyRecord>;
}

export function createMemoryKeyStore(): MemoryKeyStore {
  const records = new Map<string, ApiKeyRecord>();
  const store: MemoryKeyStore = {
    reads: 0,
    away: false,
    records,
    readKey: (sha256) => {
      store.reads += 1;
      return store.away
        ? Promise.reject(new Error('store is away'))
        : Promise.resolve(records.get(sha256) ?? null);
    },
    createKey: (sha256, record) => {
      if (records.has(sha256)) return Promise.resolve('exists');
      records.set(sha256, record);
      return Promise.resolve('created');
    },
    writeKey: (sha256, record) => Promise.resolve(records.set(sha256, record)),
    listKeys: () => Promise.resolve([...records].map(([sha256, record]) => ({ sha256, record }))),
  };
  return store;
}
