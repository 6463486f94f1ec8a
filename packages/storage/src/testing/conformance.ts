import { deepEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { keys } from '../keys.ts';
import type { ObjectStore } from '../port/object-store.ts';
import type { StoreCheck } from './checks/check.ts';
import { fileChecks } from './checks/files.ts';
import { listingChecks } from './checks/listing.ts';
import { readingChecks } from './checks/reading.ts';
import { writingChecks } from './checks/writing.ts';

/** Every promise of the object-store port, as data: a test of the tests can run them against a broken store. */
export const STORE_CHECKS: readonly StoreCheck[] = [
  {
    name: 'passes its own probe and leaves nothing behind',
    run: async (store) => {
      await store.probe();
      deepEqual((await store.list(keys.probes())).objects, []);
    },
  },
  ...writingChecks,
  ...readingChecks,
  ...listingChecks,
  ...fileChecks,
];

/** Runs one check in a place of its own. */
export function runStoreCheck(check: StoreCheck, store: ObjectStore): Promise<void> {
  return check.run(store, `check-${randomUUID()}/`);
}

/** Declares a Jest suite that holds a store to the port; the store is opened once and closed at the end. */
export function objectStoreConformance(name: string, openStore: () => Promise<ObjectStore>): void {
  describe(`the object store "${name}"`, () => {
    let store: ObjectStore | undefined;
    beforeAll(async () => {
      store = await openStore();
    });
    afterAll(() => store?.close());
    for (const check of STORE_CHECKS) {
      it(check.name, async () => {
        if (store === undefined) throw new Error('the store did not open');
        await runStoreCheck(check, store);
      });
    }
  });
}
