import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createFolderStore } from '../folder/folder-store.ts';
import {
  ChecksumMismatch,
  type ListOptions,
  ObjectNotFound,
  type ObjectStore,
} from '../port/object-store.ts';
import { runStoreCheck, STORE_CHECKS } from './conformance.ts';

/** A store that breaks one promise, and the checks that must notice. */
interface BrokenStore {
  readonly fault: string;
  readonly breakIt: (good: ObjectStore) => Partial<ObjectStore>;
  readonly noticedBy: readonly string[];
}

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const BROKEN: readonly BrokenStore[] = [
  {
    fault: 'ignores createOnly',
    breakIt: (good) => {
      const put: ObjectStore['put'] = (key, body, options) =>
        good.put(key, body, { ...options, createOnly: false });
      const broken: ObjectStore = { ...good, put };
      return { put, probe: () => probeThrough(broken) };
    },
    noticedBy: [
      'passes its own probe and leaves nothing behind',
      'keeps the first object when a create-only write comes later',
      'lets exactly one of 20 create-only writers win, and keeps what the winner wrote',
    ],
  },
  {
    fault: 'looks before it writes',
    breakIt: (good) => ({
      put: async (key, body, options) => {
        if (options?.createOnly === true && (await good.head(key)) !== null) return 'exists';
        return good.put(key, body, { ...options, createOnly: false });
      },
    }),
    noticedBy: ['lets exactly one of 20 create-only writers win, and keeps what the winner wrote'],
  },
  {
    fault: 'leaves the probe object behind',
    breakIt: (good) => ({
      probe: async () => {
        await good.put('_earshot/probe/left', new Uint8Array(1));
      },
    }),
    noticedBy: ['passes its own probe and leaves nothing behind'],
  },
  {
    fault: 'flips a bit',
    breakIt: (good) => ({
      get: async (key) => {
        const body = await good.get(key);
        return body.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
      },
    }),
    noticedBy: ['gives back the bytes that were put, and their length'],
  },
  {
    fault: 'never replaces',
    breakIt: (good) => ({
      put: async (key, body, options) => {
        await good.put(key, body, { ...options, createOnly: true });
        return 'created';
      },
    }),
    noticedBy: ['replaces an object that is put again'],
  },
  {
    fault: 'writes in place',
    breakIt: (good) => ({
      put: async (key, body, options) => {
        await good.put(key, body.subarray(0, body.length / 2));
        return good.put(key, body, options);
      },
    }),
    noticedBy: ['never shows a part of an object to readers while it is replaced'],
  },
  {
    fault: 'skips empty objects',
    breakIt: (good) => ({
      put: (key, body, options) =>
        body.length === 0 ? Promise.resolve('created') : good.put(key, body, options),
    }),
    noticedBy: ['keeps an empty object', 'gives nothing for any range of an empty object'],
  },
  {
    fault: 'ignores checksums',
    breakIt: (good) => ({
      put: (key, body, { createOnly = false } = {}) => good.put(key, body, { createOnly }),
      putFile: async (key, path, { createOnly = false }) =>
        good.put(key, await readFile(path), { createOnly }),
    }),
    noticedBy: [
      'refuses bytes without the promised checksum and stores nothing',
      'refuses a file without the promised length or checksum and stores nothing',
      'streams a file of 20 MB without holding it in memory',
    ],
  },
  {
    fault: 'checks the checksum after it has stored',
    breakIt: (good) => ({
      put: async (key, body, options) => {
        await good.put(key, body);
        if (options?.sha256 !== undefined) throw new ChecksumMismatch(key);
        return 'created';
      },
    }),
    noticedBy: [
      'refuses bytes without the promised checksum and stores nothing',
      'keeps the object when a replacement without the promised checksum is refused',
    ],
  },
  {
    fault: 'minds removing what is missing',
    breakIt: (good) => ({
      remove: async (keys) => {
        for (const key of keys) if ((await good.head(key)) === null) throw new ObjectNotFound(key);
        await good.remove(keys);
      },
    }),
    noticedBy: ['removes objects, does not mind missing ones, and leaves the neighbours'],
  },
  {
    fault: 'removes the whole folder',
    breakIt: (good) => ({
      remove: async (keys) => {
        // Late, so that a write that started together with it is hit.
        await new Promise((resolve) => setTimeout(resolve, 20));
        for (const key of keys) await rm(dirname(join(folder.path, key)), { recursive: true, force: true });
        await good.remove(keys);
      },
    }),
    noticedBy: ['takes writes into a folder while its last objects are being removed'],
  },
  {
    fault: 'takes any key',
    breakIt: () => ({ put: () => Promise.resolve('created') }),
    noticedBy: ['refuses keys that would not mean the same everywhere'],
  },
  {
    fault: 'gives nothing for what is missing',
    breakIt: (good) => ({ get: (key) => good.get(key).catch(() => new Uint8Array()) }),
    noticedBy: ['says ObjectNotFound or null for what is missing'],
  },
  {
    fault: 'takes the end of a range as included',
    breakIt: (good) => ({
      read: (key, range) => good.read(key, range && { start: range.start, end: range.end + 1 }),
    }),
    noticedBy: ['streams a whole object and any range of it, cut at its end'],
  },
  {
    fault: 'accepts any range',
    breakIt: (good) => ({
      read: (key, range) =>
        good.read(key, range && range.end < range.start ? undefined : range).catch(nothing),
    }),
    noticedBy: ['refuses ranges that run backwards'],
  },
  {
    fault: 'keeps a place for streams that nobody reads',
    breakIt: (good) => {
      let places = 64;
      return {
        read: async (key) => {
          places -= 1;
          if (places < 0) throw new Error('no place left');
          return (await good.read(key)).once('end', () => (places += 1));
        },
      };
    },
    noticedBy: ['gives a stream that may be dropped without blocking later reads'],
  },
  {
    fault: 'lists in the order of its own',
    breakIt: (good) => ({
      list: async (prefix, options) => {
        const page = await good.list(prefix, options);
        return { ...page, objects: [...page.objects].sort((a, b) => a.bytes - b.bytes) };
      },
    }),
    noticedBy: ['lists objects with their sizes in the order of their keys'],
  },
  {
    fault: 'takes a prefix for a folder',
    breakIt: (good) => ({
      list: (prefix, options) => good.list(prefix.endsWith('/') ? prefix : `${prefix}/`, options),
    }),
    noticedBy: ['lists what begins with a prefix, also within a name'],
  },
  {
    fault: 'ignores the delimiter',
    breakIt: (good) => ({ list: (prefix, options) => good.list(prefix, without(options, 'delimiter')) }),
    noticedBy: [
      'groups by the delimiter',
      'gives every object and prefix once when paged in small steps with a delimiter',
    ],
  },
  {
    fault: 'begins every page anew',
    breakIt: (good) => ({ list: (prefix, options) => good.list(prefix, without(options, 'startAfter')) }),
    noticedBy: ['goes on behind any key, present or not'],
  },
  {
    fault: 'never says that there is more',
    breakIt: (good) => ({
      list: async (prefix, options) => ({ ...(await good.list(prefix, options)), truncated: false }),
    }),
    noticedBy: ['pages through more than a thousand objects and removes them in one call'],
  },
  {
    fault: 'ignores createOnly for files',
    breakIt: (good) => ({
      putFile: (key, path, options) => good.putFile(key, path, { ...options, createOnly: false }),
    }),
    noticedBy: ['stores a file, an empty one too, and honours create-only'],
  },
];

function without(options: ListOptions = {}, name: keyof ListOptions): ListOptions {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key !== name));
}

const nothing = (): Readable => Readable.from([]);

async function probeThrough(store: ObjectStore): Promise<void> {
  const first = await store.put('_earshot/probe/x', new Uint8Array([1]), { createOnly: true });
  const second = await store.put('_earshot/probe/x', new Uint8Array([2]), { createOnly: true });
  await store.remove(['_earshot/probe/x']);
  if (first !== 'created' || second !== 'exists') throw new Error('a second writer won');
}

describe('the conformance suite', () => {
  it.each(BROKEN)('notices a store that $fault', async ({ breakIt, noticedBy }) => {
    const good = createFolderStore(folder.path);
    const broken = { ...good, ...breakIt(good) };
    for (const name of noticedBy) {
      const check = STORE_CHECKS.find((candidate) => candidate.name === name);
      if (check === undefined) throw new Error(`there is no check "${name}"`);
      const outcome = await runStoreCheck(check, broken).then(
        () => 'unnoticed',
        () => 'noticed',
      );
      expect(`${name}: ${outcome}`).toBe(`${name}: noticed`);
    }
  });

  it('has no check that nothing can fail', () => {
    const biting = new Set(BROKEN.flatMap(({ noticedBy }) => noticedBy));
    expect(STORE_CHECKS.map(({ name }) => name).filter((name) => !biting.has(name))).toEqual([]);
  });
});
