import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { objectStoreConformance } from '../testing/conformance.ts';
import { createFolderStore } from './folder-store.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

objectStoreConformance('folder', () => Promise.resolve(createFolderStore(join(folder.path, 'conformance'))));

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('a folder store', () => {
  it('removes at start what a crash left half written, but nothing that may still be written', async () => {
    const root = join(folder.path, 'swept');
    await mkdir(join(root, '.writing'), { recursive: true });
    await writeFile(join(root, '.writing', 'old'), 'left by a crash');
    await writeFile(join(root, '.writing', 'young'), 'another process writes this');
    await utimes(join(root, '.writing', 'old'), 0, 0);
    const store = createFolderStore(root);
    expect((await store.list('')).objects).toEqual([]);
    await store.put('a', text('a'));
    expect(await readdir(join(root, '.writing'))).toEqual(['young']);
    expect((await store.list('')).objects.map(({ key }) => key)).toEqual(['a']);
  });

  it('keeps a file that was handed over in place of a copy, readable as other objects are', async () => {
    const store = createFolderStore(join(folder.path, 'adopting'));
    await store.put('a/other', text('other'));
    const path = join(folder.path, 'handed-over');
    await writeFile(path, 'what was said', { mode: 0o600 });
    const handedOver = await open(path, 'r');
    const facts = { bytes: 13, sha256: 'as hashed while it was written', handedOver, createOnly: true };
    expect(await store.putFile('a/key', path, facts)).toBe('created');
    expect(await store.putFile('a/key', path, facts)).toBe('exists');
    const [key, other] = await Promise.all(
      ['a/key', 'a/other'].map((name) => stat(join(folder.path, 'adopting', name))),
    );
    expect(key?.ino).toBe((await stat(path)).ino);
    expect(key?.mode).toBe(other?.mode);
    await handedOver.close();
    await rm(path);
    expect(await store.get('a/key')).toEqual(text('what was said'));
    expect(await readdir(join(folder.path, 'adopting', '.writing'))).toEqual([]);
  });

  it('refuses a file that was handed over shorter than was said, and copies one that replaces another', async () => {
    const store = createFolderStore(join(folder.path, 'replacing'));
    const path = join(folder.path, 'shorter');
    await writeFile(path, 'short');
    const handedOver = await open(path, 'r');
    const facts = { sha256: createHash('sha256').update('short').digest('hex'), handedOver };
    const promised = store.putFile('a/key', path, { ...facts, bytes: 6, createOnly: true });
    await expect(promised).rejects.toThrow(/length/);
    expect((await store.list('')).objects).toEqual([]);
    await store.put('a/key', text('older'));
    expect(await store.putFile('a/key', path, { ...facts, bytes: 5 })).toBe('created');
    await handedOver.close();
    await writeFile(path, 'other');
    expect(await store.get('a/key')).toEqual(text('short'));
  });

  it('leaves no empty folders behind', async () => {
    const root = join(folder.path, 'pruned');
    const store = createFolderStore(root);
    await store.put('a/b/c', text('c'));
    await store.put('a/d', text('d'));
    await store.remove(['a/b/c']);
    expect(await readdir(join(root, 'a'))).toEqual(['d']);
    await store.remove(['a/d']);
    expect(await readdir(root)).toEqual(['.writing']);
    expect((await store.list('', { delimiter: '/' })).prefixes).toEqual([]);
  });

  it('does not count an empty folder as a prefix', async () => {
    const root = join(folder.path, 'hollow');
    await mkdir(join(root, 'a', 'b'), { recursive: true });
    expect(await createFolderStore(root).list('', { delimiter: '/' })).toEqual({
      objects: [],
      prefixes: [],
      truncated: false,
    });
  });

  it('tells the operator why the folder cannot be used, and works once it can', async () => {
    const root = join(folder.path, 'blocked');
    await writeFile(root, 'a file where the folder should be');
    const store = createFolderStore(join(root, 'store'));
    await expect(store.probe()).rejects.toMatchObject({
      code: 'service_unavailable',
      message: 'The storage folder cannot be used: a part of its path is a file.',
    });
    await writeFile(join(folder.path, 'x'), '');
  });
});
