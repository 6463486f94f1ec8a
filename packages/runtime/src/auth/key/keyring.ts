import { createHash, randomBytes } from 'node:crypto';
import { type ApiKeyRecord, EarshotError, idFrom, LIMITS, TENANT_ID } from '@earshot/protocol';
import { formatKey, hashKey, isMistypedKey, type KeyMode } from './api-key.ts';
import { createKeyDirectory } from './key-directory.ts';
import { createRecordCache } from './record-cache.ts';

/** Where key records are kept; the object store's session archive implements it. */
export interface KeyStore {
  readKey(sha256: string): Promise<ApiKeyRecord | null>;
  /** Never overwrites. */
  createKey(sha256: string, record: ApiKeyRecord): Promise<'created' | 'exists'>;
  writeKey(sha256: string, record: ApiKeyRecord): Promise<unknown>;
  listKeys(): Promise<readonly { readonly sha256: string; readonly record: ApiKeyRecord }[]>;
}

export interface KeyringOptions {
  readonly store: KeyStore;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly random?: (bytes: number) => Uint8Array;
  /** How long a looked-up record is believed, ms; at most LIMITS.keyCacheMs. */
  readonly cacheMs?: number;
}

export interface NewKey {
  readonly tenant: string;
  readonly name: string;
  readonly mode?: KeyMode;
  /** Narrows the key to one line. */
  readonly lineId?: string;
}

/** A valid key and the name it is stored under. */
export interface VerifiedKey {
  readonly sha256: string;
  readonly record: ApiKeyRecord;
}

/** API keys: made once, stored only as hashes, revocable. */
export interface Keyring {
  /** Makes a key. The key itself is in this answer and nowhere else. */
  create(options: NewKey): Promise<{ readonly key: string; readonly record: ApiKeyRecord }>;
  /** Takes in a key that an operator chose (16 characters or more), the same record each time. A revoked key stays revoked. */
  importKey(key: string, options: NewKey): Promise<ApiKeyRecord>;
  list(): Promise<readonly ApiKeyRecord[]>;
  /** Revokes a key for good; other processes notice within LIMITS.keyCacheMs. Null when no key has this id. */
  revoke(keyId: string): Promise<ApiKeyRecord | null>;
  /** The record of a key in force, or null. */
  verify(key: string): Promise<VerifiedKey | null>;
  /** The same by the stored name of a key. */
  verifyHash(sha256: string): Promise<ApiKeyRecord | null>;
  /** The record of a key in force by its id, or null. Throws `service_unavailable` when keys cannot be looked up. */
  verifyId(keyId: string): Promise<ApiKeyRecord | null>;
  /** True when this process saw the key in force before, however long ago; needs no look-up. */
  recognises(key: string): boolean;
}

const MIN_IMPORTED_LENGTH = 16;

function checkNames(options: NewKey): void {
  if (!TENANT_ID.test(options.tenant)) {
    throw new EarshotError('invalid_request', { message: 'A tenant has 1 to 63 characters of a-z 0-9 -.' });
  }
  if (options.name.length === 0 || options.name.length > 100) {
    throw new EarshotError('invalid_request', { message: 'A key name has 1 to 100 characters.' });
  }
}

function checkImported(key: string): void {
  if (key.length < MIN_IMPORTED_LENGTH || !/^[\x21-\x7e]+$/.test(key)) {
    const message = `An imported API key has at least ${MIN_IMPORTED_LENGTH} printable characters and no spaces.`;
    throw new EarshotError('invalid_request', { message });
  }
  if (isMistypedKey(key)) {
    throw new EarshotError('invalid_request', {
      message: 'This API key has a wrong checksum; is it mistyped?',
    });
  }
}

/** The id of an imported key follows from the key, so that every process and every restart agrees on it. */
function importedKeyId(key: string): string {
  return idFrom('key', createHash('sha512').update(`earshot key id\n${key}`).digest());
}

/** Creates the keyring over a store. */
export function createKeyring(options: KeyringOptions): Keyring {
  const { store } = options;
  const clock = options.clock ?? Date.now;
  const random = options.random ?? randomBytes;
  const maxAgeMs = Math.min(options.cacheMs ?? LIMITS.keyCacheMs, LIMITS.keyCacheMs);
  const cache = createRecordCache({ read: (sha256) => store.readKey(sha256), clock, maxAgeMs });

  const directory = createKeyDirectory({ list: () => store.listKeys(), clock, maxAgeMs });

  const recordOf = (key: string, keyId: string, names: NewKey): ApiKeyRecord => ({
    v: 1,
    keyId,
    tenant: names.tenant,
    name: names.name,
    mode: names.mode ?? 'live',
    ...(names.lineId === undefined ? {} : { lineId: names.lineId }),
    last4: key.slice(-4),
    createdAt: new Date(clock()).toISOString(),
    revokedAt: null,
  });

  async function save(key: string, record: ApiKeyRecord): Promise<ApiKeyRecord> {
    const sha256 = hashKey(key);
    const outcome = await store.createKey(sha256, record);
    cache.forget(sha256);
    directory.add(record.keyId, sha256);
    return outcome === 'created' ? record : ((await store.readKey(sha256)) ?? record);
  }

  async function verifyHash(sha256: string): Promise<ApiKeyRecord | null> {
    const record = await cache.get(sha256);
    return record === null || record.revokedAt !== null ? null : record;
  }

  return {
    async create(names) {
      checkNames(names);
      const key = formatKey(names.mode ?? 'live', random(32));
      return { key, record: await save(key, recordOf(key, idFrom('key', random(64)), names)) };
    },
    async importKey(key, names) {
      checkNames(names);
      checkImported(key);
      return save(key, recordOf(key, importedKeyId(key), names));
    },
    async list() {
      return (await store.listKeys()).map((entry) => entry.record);
    },
    async revoke(keyId) {
      const entry = (await store.listKeys()).find(({ record }) => record.keyId === keyId);
      if (entry === undefined) return null;
      if (entry.record.revokedAt !== null) return entry.record;
      const revoked = { ...entry.record, revokedAt: new Date(clock()).toISOString() };
      await store.writeKey(entry.sha256, revoked);
      cache.forget(entry.sha256);
      return revoked;
    },
    async verify(key) {
      if (isMistypedKey(key)) return null;
      const sha256 = hashKey(key);
      const record = await verifyHash(sha256);
      return record === null ? null : { sha256, record };
    },
    verifyHash,
    async verifyId(keyId) {
      const sha256 = await directory.find(keyId);
      return sha256 === null ? null : verifyHash(sha256);
    },
    recognises: (key) => cache.last(hashKey(key))?.revokedAt === null,
  };
}
