import { type ApiKeyRecord, EarshotError } from '@earshot/protocol';

/** Entries kept; beyond it the one looked up longest ago goes. */
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly at: number;
  answer: Promise<ApiKeyRecord | null>;
  /** The newest settled answer; `undefined` before the first. */
  record: ApiKeyRecord | null | undefined;
}

export interface RecordCacheOptions {
  readonly read: (sha256: string) => Promise<ApiKeyRecord | null>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly maxAgeMs: number;
}

/** Remembers looked-up key records, found and missing alike, for a short time. */
export interface RecordCache {
  /** Throws `service_unavailable` when the store cannot answer; nothing is remembered then. */
  get(sha256: string): Promise<ApiKeyRecord | null>;
  /** The newest known answer, however old. */
  last(sha256: string): ApiKeyRecord | null | undefined;
  forget(sha256: string): void;
}

/** Creates a bounded cache; look-ups of one key that run at the same time are one read. */
export function createRecordCache(options: RecordCacheOptions): RecordCache {
  const entries = new Map<string, Entry>();

  function dropOldest(): void {
    const oldest = entries.keys().next();
    if (entries.size > MAX_ENTRIES && oldest.done !== true) entries.delete(oldest.value);
  }

  function lookUp(sha256: string): Promise<ApiKeyRecord | null> {
    const read = async (): Promise<ApiKeyRecord | null> => {
      try {
        entry.record = await options.read(sha256);
        return entry.record;
      } catch (cause) {
        if (entries.get(sha256) === entry) entries.delete(sha256);
        throw new EarshotError('service_unavailable', {
          message: 'API keys cannot be checked right now.',
          cause,
        });
      }
    };
    const entry: Entry = {
      at: options.clock(),
      record: entries.get(sha256)?.record,
      answer: Promise.resolve(null),
    };
    entries.delete(sha256);
    entries.set(sha256, entry);
    dropOldest();
    entry.answer = read();
    return entry.answer;
  }

  return {
    get(sha256) {
      const entry = entries.get(sha256);
      const fresh = entry !== undefined && options.clock() - entry.at < options.maxAgeMs;
      return fresh ? entry.answer : lookUp(sha256);
    },
    last: (sha256) => entries.get(sha256)?.record,
    forget: (sha256) => void entries.delete(sha256),
  };
}
