import { deepEqual, equal, ok } from 'node:assert/strict';
import { mapBounded } from '../../concurrency/semaphore.ts';
import type { ObjectStore } from '../../port/object-store.ts';
import { bytesOf, type StoreCheck } from './check.ts';

/** Names whose order differs between "by folder" and "by key". */
const NAMES = ['a', 'a-b', 'a.txt', 'b/1', 'b/2', 'b-c/1', 'b0', 'c/d/e/f', 'c/d/g', 'd'];

async function fill(store: ObjectStore, prefix: string, names: readonly string[]): Promise<string[]> {
  await mapBounded(names, 32, (name) => store.put(prefix + name, bytesOf(name)));
  return names.map((name) => prefix + name).sort();
}

export const listingChecks: readonly StoreCheck[] = [
  {
    name: 'lists objects with their sizes in the order of their keys',
    run: async (store, prefix) => {
      const sorted = await fill(store, prefix, NAMES);
      const page = await store.list(prefix);
      deepEqual(
        page.objects.map(({ key }) => key),
        sorted,
      );
      deepEqual(page.prefixes, []);
      equal(page.truncated, false);
      equal(page.objects.find(({ key }) => key.endsWith('c/d/e/f'))?.bytes, 7);
    },
  },
  {
    name: 'lists what begins with a prefix, also within a name',
    run: async (store, prefix) => {
      await fill(store, prefix, NAMES);
      const names = async (start: string): Promise<string[]> =>
        (await store.list(prefix + start)).objects.map(({ key }) => key.slice(prefix.length));
      deepEqual(await names('b'), ['b-c/1', 'b/1', 'b/2', 'b0']);
      deepEqual(await names('b/'), ['b/1', 'b/2']);
      deepEqual(await names('c/d/e'), ['c/d/e/f']);
      deepEqual(await names('nothing/'), []);
    },
  },
  {
    name: 'groups by the delimiter',
    run: async (store, prefix) => {
      await fill(store, prefix, NAMES);
      const page = await store.list(prefix, { delimiter: '/' });
      deepEqual(
        page.prefixes,
        ['b-c/', 'b/', 'c/'].map((name) => prefix + name),
      );
      deepEqual(
        page.objects.map(({ key }) => key),
        ['a', 'a-b', 'a.txt', 'b0', 'd'].map((name) => prefix + name),
      );
      const inner = await store.list(`${prefix}c/d/`, { delimiter: '/' });
      deepEqual(inner.prefixes, [`${prefix}c/d/e/`]);
      deepEqual(
        inner.objects.map(({ key }) => key),
        [`${prefix}c/d/g`],
      );
    },
  },
  {
    name: 'goes on behind any key, present or not',
    run: async (store, prefix) => {
      const sorted = await fill(store, prefix, NAMES);
      for (const after of [...sorted, `${prefix}a-`, `${prefix}b/`, `${prefix}b/1x`, `${prefix}zzz`]) {
        const page = await store.list(prefix, { startAfter: after });
        deepEqual(
          page.objects.map(({ key }) => key),
          sorted.filter((key) => key > after),
          after,
        );
      }
    },
  },
  {
    name: 'gives every object and prefix once when paged in small steps with a delimiter',
    run: async (store, prefix) => {
      await fill(store, prefix, NAMES);
      const seen: string[] = [];
      let startAfter: string | undefined;
      for (let pages = 0; pages < 20; pages += 1) {
        const after = startAfter === undefined ? {} : { startAfter };
        const page = await store.list(prefix, { delimiter: '/', limit: 2, ...after });
        const entries = [...page.objects.map(({ key }) => key), ...page.prefixes].sort();
        ok(entries.length <= 2, 'the limit holds');
        seen.push(...entries);
        startAfter = entries.at(-1);
        if (!page.truncated) break;
      }
      deepEqual(
        seen,
        ['a', 'a-b', 'a.txt', 'b-c/', 'b/', 'b0', 'c/', 'd'].map((name) => prefix + name),
      );
    },
  },
  {
    name: 'pages through more than a thousand objects and removes them in one call',
    run: async (store, prefix) => {
      const names = Array.from({ length: 1005 }, (_, i) => `n/${String(i).padStart(6, '0')}`);
      const sorted = await fill(store, prefix, names);
      const first = await store.list(prefix);
      equal(first.objects.length, 1000);
      equal(first.truncated, true);
      const wide = await store.list(prefix, { limit: 1005 });
      equal(wide.objects.length, 1005);
      equal(wide.truncated, false);
      const all: string[] = [];
      for await (const { key } of store.listAll(prefix)) all.push(key);
      deepEqual(all, sorted);
      await store.remove(all);
      deepEqual((await store.list(prefix)).objects, []);
    },
  },
];
