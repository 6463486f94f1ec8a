import { deepEqual, equal } from 'node:assert/strict';
import { ObjectNotFound } from '../../port/object-store.ts';
import { bytesOf, drain, fails, type StoreCheck } from './check.ts';

const LETTERS = 'abcdefghij';

export const readingChecks: readonly StoreCheck[] = [
  {
    name: 'says ObjectNotFound or null for what is missing',
    run: async (store, prefix) => {
      await store.put(`${prefix}folder/object`, bytesOf('x'));
      for (const key of [`${prefix}missing`, `${prefix}folder`, `${prefix}folder/object-2`]) {
        await fails(store.get(key), ObjectNotFound);
        await fails(store.read(key), ObjectNotFound);
        await fails(store.read(key, { start: 0, end: 4 }), ObjectNotFound);
        await fails(store.read(key, { start: 2, end: 2 }), ObjectNotFound);
        equal(await store.head(key), null);
      }
    },
  },
  {
    name: 'streams a whole object and any range of it, cut at its end',
    run: async (store, prefix) => {
      const key = `${prefix}letters`;
      await store.put(key, bytesOf(LETTERS));
      deepEqual(await drain(await store.read(key)), bytesOf(LETTERS));
      const ranges = [
        [0, 1],
        [0, 10],
        [3, 7],
        [9, 10],
        [4, 4],
        [5, 1000],
        [10, 20],
        [500, 1000],
      ] as const;
      for (const [start, end] of ranges) {
        const part = await drain(await store.read(key, { start, end }));
        deepEqual(part, bytesOf(LETTERS.slice(start, end)), `${start}..${end}`);
      }
    },
  },
  {
    name: 'gives nothing for any range of an empty object',
    run: async (store, prefix) => {
      const key = `${prefix}empty`;
      await store.put(key, new Uint8Array());
      equal((await drain(await store.read(key))).length, 0);
      equal((await drain(await store.read(key, { start: 0, end: 10 }))).length, 0);
    },
  },
  {
    name: 'refuses ranges that run backwards',
    run: async (store, prefix) => {
      await store.put(`${prefix}a`, bytesOf('a'));
      await fails(store.read(`${prefix}a`, { start: 2, end: 1 }), RangeError);
      await fails(store.read(`${prefix}a`, { start: -1, end: 1 }), RangeError);
    },
  },
  {
    name: 'gives a stream that may be dropped without blocking later reads',
    run: async (store, prefix) => {
      const key = `${prefix}dropped`;
      await store.put(key, new Uint8Array(2_000_000).fill(7));
      for (let round = 0; round < 100; round += 1) (await store.read(key)).destroy();
      equal((await store.get(key)).length, 2_000_000);
    },
  },
];
