import { EarshotError } from '@earshot/protocol';
import { ObjectNotFound, type ObjectStore, type WriteOutcome } from '../port/object-store.ts';

/** The part of a zod schema that reading needs. */
export interface DocumentSchema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

/** Documents of one type, wherever their keys lie. */
export interface Documents<T> {
  /** Null when missing; `internal_error` with the key in its details when it cannot be understood. */
  read(key: string): Promise<T | null>;
  create(key: string, document: T): Promise<WriteOutcome>;
  write(key: string, document: T): Promise<void>;
}

export function createDocuments<T>(store: ObjectStore, schema: DocumentSchema<T>): Documents<T> {
  return {
    read: async (key) => {
      const bytes = await getOrNull(store, key);
      return bytes === null ? null : parse(schema, key, bytes);
    },
    create: (key, document) => store.put(key, encode(document), { createOnly: true, contentType: JSON_TYPE }),
    write: async (key, document) => {
      await store.put(key, encode(document), { contentType: JSON_TYPE });
    },
  };
}

const JSON_TYPE = 'application/json';

function encode(document: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

function parse<T>(schema: DocumentSchema<T>, key: string, bytes: Uint8Array): T {
  const result = schema.safeParse(parseJson(bytes));
  if (result.success) return result.data;
  // What is wrong may quote speech, so only the place is told.
  throw new EarshotError('internal_error', {
    message: 'A stored document could not be understood.',
    details: { key },
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

async function getOrNull(store: ObjectStore, key: string): Promise<Uint8Array | null> {
  try {
    return await store.get(key);
  } catch (error) {
    if (error instanceof ObjectNotFound) return null;
    throw error;
  }
}
