import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ChecksumMismatch, ObjectNotFound } from '../../port/object-store.ts';
import { bytesOf, fails, type StoreCheck } from './check.ts';

const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

export const writingChecks: readonly StoreCheck[] = [
  {
    name: 'gives back the bytes that were put, and their length',
    run: async (store, prefix) => {
      const key = `${prefix}a/whole.bin`;
      const body = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) & 0xff);
      equal(await store.put(key, body, { contentType: 'audio/wav', sha256: sha256(body) }), 'created');
      deepEqual(await store.get(key), body);
      const info = await store.head(key);
      equal(info?.key, key);
      equal(info.bytes, body.length);
      ok(Math.abs(info.modifiedAt.getTime() - Date.now()) < 60_000, 'the time is about now');
    },
  },
  {
    name: 'replaces an object that is put again',
    run: async (store, prefix) => {
      const key = `${prefix}again`;
      await store.put(key, bytesOf('a longer first text'));
      equal(await store.put(key, bytesOf('second')), 'created');
      deepEqual(await store.get(key), bytesOf('second'));
    },
  },
  {
    name: 'keeps the first object when a create-only write comes later',
    run: async (store, prefix) => {
      const key = `${prefix}once`;
      equal(await store.put(key, bytesOf('first'), { createOnly: true }), 'created');
      equal(await store.put(key, bytesOf('second'), { createOnly: true }), 'exists');
      deepEqual(await store.get(key), bytesOf('first'));
    },
  },
  {
    name: 'lets exactly one of 20 create-only writers win, and keeps what the winner wrote',
    run: async (store, prefix) => {
      const key = `${prefix}deep/er/race`;
      const writers = Array.from({ length: 20 }, async (_, i) => ({
        i,
        outcome: await store.put(key, bytesOf(`writer ${i}`), { createOnly: true }),
      }));
      const winners = (await Promise.all(writers)).filter(({ outcome }) => outcome === 'created');
      equal(winners.length, 1);
      deepEqual(await store.get(key), bytesOf(`writer ${winners[0]?.i ?? 'none'}`));
    },
  },
  {
    name: 'never shows a part of an object to readers while it is replaced',
    run: async (store, prefix) => {
      const key = `${prefix}torn`;
      const versions = [1, 2].map((fill) => new Uint8Array(200_000).fill(fill));
      await store.put(key, versions[0] ?? bytesOf(''));
      const work = { goesOn: true };
      const reader = async (): Promise<void> => {
        while (work.goesOn) {
          const body = await store.get(key);
          equal(body.length, 200_000);
          ok(body[0] === body.at(-1) && body.every((byte) => byte === body[0]), 'one version only');
        }
      };
      const writer = async (): Promise<void> => {
        try {
          for (let i = 0; i < 12; i += 1) await store.put(key, versions[i % 2] ?? bytesOf(''));
        } finally {
          work.goesOn = false;
        }
      };
      await Promise.all([writer(), reader(), reader()]);
    },
  },
  {
    name: 'keeps an empty object',
    run: async (store, prefix) => {
      const key = `${prefix}empty`;
      equal(await store.put(key, new Uint8Array(), { createOnly: true }), 'created');
      equal((await store.get(key)).length, 0);
      equal((await store.head(key))?.bytes, 0);
    },
  },
  {
    name: 'refuses bytes without the promised checksum and stores nothing',
    run: async (store, prefix) => {
      const key = `${prefix}damaged`;
      const promised = { sha256: sha256(bytesOf('other')) };
      await fails(store.put(key, bytesOf('these'), promised), ChecksumMismatch);
      await fails(store.put(key, bytesOf('these'), { ...promised, createOnly: true }), ChecksumMismatch);
      equal(await store.head(key), null);
      deepEqual((await store.list(prefix)).objects, []);
    },
  },
  {
    name: 'keeps the object when a replacement without the promised checksum is refused',
    run: async (store, prefix) => {
      const key = `${prefix}kept`;
      await store.put(key, bytesOf('good'));
      await fails(store.put(key, bytesOf('bad'), { sha256: sha256(bytesOf('other')) }), ChecksumMismatch);
      deepEqual(await store.get(key), bytesOf('good'));
    },
  },
  {
    name: 'removes objects, does not mind missing ones, and leaves the neighbours',
    run: async (store, prefix) => {
      await Promise.all(['x/1', 'x/2', 'y'].map((name) => store.put(prefix + name, bytesOf(name))));
      await store.remove([`${prefix}x/1`, `${prefix}x/2`, `${prefix}missing`, `${prefix}x/none/deeper`]);
      await store.remove([`${prefix}x/1`]);
      await store.remove([]);
      equal(await store.head(`${prefix}x/1`), null);
      deepEqual(
        (await store.list(prefix)).objects.map(({ key }) => key),
        [`${prefix}y`],
      );
      await fails(store.get(`${prefix}x/2`), ObjectNotFound);
    },
  },
  {
    name: 'takes writes into a folder while its last objects are being removed',
    run: async (store, prefix) => {
      for (let round = 0; round < 10; round += 1) {
        await store.put(`${prefix}busy/folder/old`, bytesOf('old'));
        await Promise.all([
          store.remove([`${prefix}busy/folder/old`]),
          store.put(`${prefix}busy/folder/new-${round}`, bytesOf('new'), { createOnly: true }),
        ]);
        deepEqual(await store.get(`${prefix}busy/folder/new-${round}`), bytesOf('new'));
        await store.remove([`${prefix}busy/folder/new-${round}`]);
      }
    },
  },
  {
    name: 'refuses keys that would not mean the same everywhere',
    run: async (store, prefix) => {
      const bad = [
        '',
        '/a',
        'a/',
        'a//b',
        '../a',
        'a/../b',
        'a/./b',
        '.hidden',
        'a\0b',
        'a\\b',
        'ä',
        'a b',
        'a:b',
      ];
      for (const key of [...bad, `${prefix}${'x'.repeat(1024)}`]) {
        await fails(store.put(key, bytesOf('x')), RangeError, key);
        await fails(store.get(key), RangeError, key);
        await fails(store.remove([key]), RangeError, key);
      }
    },
  },
];
