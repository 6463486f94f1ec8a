import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWavHeader } from '@earshot/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWavFile } from './wav-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-wav-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('createWavFile', () => {
  it('writes what comes, in order, under a header that fits', async () => {
    const path = join(folder, 'a.wav');
    await writeFile(path, 'x'.repeat(1000));
    const file = await createWavFile(path, 16_000);
    await file.write(Int16Array.of(1, -2));
    await file.write(Int16Array.of(3));
    await file.finish();
    const bytes = await readFile(path);
    expect(readWavHeader(bytes)).toEqual({
      pcm: true,
      channels: 1,
      sampleRate: 16_000,
      bitsPerSample: 16,
      dataStart: 44,
      dataBytes: 6,
    });
    expect([...bytes.subarray(44)]).toEqual([1, 0, 254, 255, 3, 0]);
  });

  it('has a length that is not known until it is finished', async () => {
    const path = join(folder, 'b.wav');
    const file = await createWavFile(path, 16_000);
    await file.write(new Int16Array(100));
    expect(readWavHeader(await readFile(path))?.dataBytes).toBeUndefined();
    await file.finish();
    expect((await readFile(path)).length).toBe(244);
  });

  it('rejects where no file can be', async () => {
    await expect(createWavFile(join(folder, 'none', 'a.wav'), 16_000)).rejects.toThrow('ENOENT');
  });
});
