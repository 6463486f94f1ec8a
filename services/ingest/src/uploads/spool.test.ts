import { createHash } from 'node:crypto';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { prepareSpool, spool } from './spool.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const body = (...parts: string[]): Readable =>
  Readable.from(
    parts.map((part) => Buffer.from(part)),
    { objectMode: false },
  );

describe('spooling', () => {
  it('keeps every byte and its digest', async () => {
    const file = await spool(body('abc', 'def'), folder.path, 6);
    expect(await readFile(file.path, 'utf8')).toBe('abcdef');
    expect(file.bytes).toBe(6);
    expect(file.sha256).toBe(createHash('sha256').update('abcdef').digest('hex'));
    await file.remove();
  });

  it('keeps bodies of many pieces whole, and tells how they begin', async () => {
    const parts = Array.from({ length: 90 }, (_, index) => Buffer.alloc(10_007, index));
    const file = await spool(Readable.from(parts), folder.path, 1_000_000);
    const whole = Buffer.concat(parts);
    expect((await readFile(file.path)).equals(whole)).toBe(true);
    expect(whole.subarray(0, 16_384).equals(file.head)).toBe(true);
    await file.remove();
  });

  it('makes a folder that is gone anew', async () => {
    const file = await spool(body('abc'), join(folder.path, 'gone'), 6);
    expect(await readdir(join(folder.path, 'gone'))).toHaveLength(1);
    await rm(join(folder.path, 'gone'), { recursive: true });
    await file.remove();
  });

  it('refuses one byte more than allowed and leaves nothing behind', async () => {
    await expect(spool(body('abc', 'defg'), folder.path, 6)).rejects.toMatchObject({
      code: 'chunk_too_large',
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('refuses an empty body', async () => {
    await expect(spool(body(), folder.path, 6)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('refuses a body that breaks off', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('abc');
      await Promise.resolve();
      throw new Error('aborted');
    }
    await expect(spool(Readable.from(broken()), folder.path, 6)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it.each(['ENOSPC', 'EDQUOT'])('says that there is no room when the disk reports %s', async (code) => {
    async function* full(): AsyncGenerator<Buffer> {
      yield Buffer.from('abc');
      await Promise.resolve();
      throw Object.assign(new Error('no space left on device'), { code });
    }
    await expect(spool(Readable.from(full()), folder.path, 6)).rejects.toMatchObject({
      code: 'insufficient_storage',
      status: 507,
    });
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('preparing the spool folder', () => {
  it('removes uploads that a crash left an hour ago, and nothing else', async () => {
    const spoolFolder = join(folder.path, 'made', 'anew');
    await prepareSpool(spoolFolder, Date.now());
    for (const name of ['upload-old', 'upload-new', 'other-old']) {
      await writeFile(join(spoolFolder, name), 'speech');
    }
    const longAgo = new Date(Date.now() - 3_700_000);
    for (const name of ['upload-old', 'other-old']) await utimes(join(spoolFolder, name), longAgo, longAgo);
    await prepareSpool(spoolFolder, Date.now());
    expect((await readdir(spoolFolder)).sort()).toEqual(['other-old', 'upload-new']);
  });
});
