import type { ObjectInfo } from '@earshot/storage';
import type { SegmentStore } from '../ports.ts';

/** Objects in memory, with a fault to order. */
export interface MemoryStore extends SegmentStore {
  readonly objects: Map<string, Uint8Array>;
  /** Keys in the order in which they were created. */
  readonly created: string[];
  /** Runs before each put; may throw, wait, or never end. */
  beforePut: (key: string, attempt: number) => void | Promise<void>;
  /** Runs after each put that took effect; throwing loses the answer. */
  afterPut: (key: string) => void;
}

export function createMemoryStore(): MemoryStore {
  const objects = new Map<string, Uint8Array>();
  const created: string[] = [];
  let attempts = 0;
  const store: MemoryStore = {
    objects,
    created,
    beforePut: () => undefined,
    afterPut: () => undefined,
    async put(key, body, options) {
      attempts += 1;
      await store.beforePut(key, attempts);
      if (options?.createOnly === true && objects.has(key)) return 'exists';
      objects.set(key, body.slice());
      created.push(key);
      store.afterPut(key);
      return 'created';
    },
    get(key) {
      const body = objects.get(key);
      return body === undefined ? Promise.reject(new Error('missing')) : Promise.resolve(body);
    },
    remove(keys) {
      for (const key of keys) objects.delete(key);
      return Promise.resolve();
    },
    async *listAll(prefix) {
      for (const key of [...objects.keys()].sort()) {
        const bytes = objects.get(key)?.length ?? 0;
        if (key.startsWith(prefix))
          yield await Promise.resolve<ObjectInfo>({ key, bytes, modifiedAt: new Date(0) });
      }
    },
  };
  return store;
}
