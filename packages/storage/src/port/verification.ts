import { createHash } from 'node:crypto';
import { ObjectNotFound, type ObjectStore } from './object-store.ts';

/** Reads an object back and tells whether it is exactly these bytes; false when there is none. */
export async function verifyObject(
  store: Pick<ObjectStore, 'read'>,
  key: string,
  expected: { readonly bytes: number; readonly sha256: string },
): Promise<boolean> {
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of await store.read(key)) {
      if (!(chunk instanceof Uint8Array)) return false;
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > expected.bytes) return false;
    }
    return bytes === expected.bytes && hash.digest('hex') === expected.sha256;
  } catch (error) {
    if (error instanceof ObjectNotFound) return false;
    throw error;
  }
}
