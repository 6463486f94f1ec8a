import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ChecksumMismatch, type PutFileOptions } from '../../port/object-store.ts';
import { bytesOf, fails, type StoreCheck } from './check.ts';

const BIG = 20_000_000;
/** What buffers on the way may hold. */
const ALLOWANCE = 8_000_000;

async function withFile(
  body: Uint8Array,
  use: (path: string, options: PutFileOptions) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-check-'));
  try {
    const path = join(folder, 'file');
    await writeFile(path, body);
    await use(path, { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The most bytes in live buffers while a task runs, beyond those before it, as far as they pass the allowance. */
async function peakOf(task: () => Promise<unknown>): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const held = (): number => process.memoryUsage().arrayBuffers;
  const live = (): number => {
    // Buffers are freed beside the program; the second collection waits until those of the first are.
    for (let round = 0; round < 2; round += 1) {
      if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
    }
    return held();
  };
  const before = live();
  let peak = 0;
  const sample = (): void => {
    // Most of the time garbage makes the difference, and collecting it takes long.
    if (peak <= ALLOWANCE && held() - before > ALLOWANCE) peak = Math.max(peak, live() - before);
  };
  const timer = setInterval(sample, 2);
  try {
    await task();
    sample();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

export const fileChecks: readonly StoreCheck[] = [
  {
    name: 'stores a file, an empty one too, and honours create-only',
    run: (store, prefix) =>
      withFile(bytesOf('a file'), async (path, options) => {
        const key = `${prefix}file`;
        equal(await store.putFile(key, path, { ...options, createOnly: true }), 'created');
        equal(await store.putFile(key, path, { ...options, createOnly: true }), 'exists');
        equal(await store.putFile(key, path, { ...options, contentType: 'audio/wav' }), 'created');
        deepEqual(await store.get(key), bytesOf('a file'));
        await withFile(bytesOf(''), async (empty, facts) => {
          equal(await store.putFile(`${prefix}empty`, empty, facts), 'created');
        });
        equal((await store.head(`${prefix}empty`))?.bytes, 0);
      }),
  },
  {
    name: 'refuses a file without the promised length or checksum and stores nothing',
    run: (store, prefix) =>
      withFile(bytesOf('a file'), async (path, options) => {
        const key = `${prefix}damaged`;
        const sha256 = createHash('sha256').update('another').digest('hex');
        await fails(store.putFile(key, path, { ...options, sha256 }), ChecksumMismatch);
        await fails(store.putFile(key, path, { ...options, bytes: 5 }), ChecksumMismatch);
        await fails(store.putFile(key, path, { ...options, bytes: 7, createOnly: true }), ChecksumMismatch);
        equal(await store.head(key), null);
        deepEqual((await store.list(prefix)).objects, []);
      }),
  },
  {
    name: 'streams a file of 20 MB without holding it in memory',
    run: (store, prefix) =>
      withFile(randomFillSync(new Uint8Array(BIG)), async (path, options) => {
        const key = `${prefix}big`;
        const peak = await peakOf(() => store.putFile(key, path, options));
        ok(peak < ALLOWANCE, `${peak} bytes were held`);
        equal((await store.head(key))?.bytes, BIG);
        const hash = createHash('sha256');
        for await (const chunk of await store.read(key)) if (chunk instanceof Uint8Array) hash.update(chunk);
        equal(hash.digest('hex'), options.sha256);
      }),
  },
];
