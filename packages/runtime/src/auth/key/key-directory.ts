import { type ApiKeyRecord, EarshotError } from '@earshot/protocol';

export interface KeyDirectoryOptions {
  readonly list: () => Promise<readonly { readonly sha256: string; readonly record: ApiKeyRecord }[]>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The keys are listed again no sooner than this after the last time, ms. */
  readonly maxAgeMs: number;
}

/** Tells under which stored name a key's record is found. Names never change, so only unknown ids cost a listing. */
export interface KeyDirectory {
  /** Null when no key has this id; throws `service_unavailable`. */
  find(keyId: string): Promise<string | null>;
  add(keyId: string, sha256: string): void;
}

/** Creates an empty directory; a stranger's ids cause one listing a `maxAgeMs`, however many they are. */
export function createKeyDirectory(options: KeyDirectoryOptions): KeyDirectory {
  const names = new Map<string, string>();
  let listing: { readonly at: number; readonly done: Promise<void> } | undefined;

  async function readAll(): Promise<void> {
    try {
      for (const { sha256, record } of await options.list()) names.set(record.keyId, sha256);
    } catch (cause) {
      listing = undefined;
      throw new EarshotError('service_unavailable', {
        message: 'API keys cannot be checked right now.',
        cause,
      });
    }
  }

  return {
    async find(keyId) {
      const known = names.get(keyId);
      if (known !== undefined) return known;
      const now = options.clock();
      if (listing === undefined || now - listing.at >= options.maxAgeMs)
        listing = { at: now, done: readAll() };
      await listing.done;
      return names.get(keyId) ?? null;
    },
    add: (keyId, sha256) => void names.set(keyId, sha256),
  };
}
