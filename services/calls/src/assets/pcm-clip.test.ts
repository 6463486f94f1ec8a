import type { Clip } from '@earshot/calls';
import { computedAudio } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openPcmClip } from './pcm-clip.ts';

const SECOND = 16_000;

/** Lets everything that is ready run. */
const settle = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

/** A source whose reads can fail, be counted, and be held up. */
function sourceOf(samples: Int16Array) {
  const bytes = new Uint8Array(samples.buffer);
  const state = { reads: 0, released: 0, underWay: 0, fail: 0, gate: Promise.resolve(), short: false };
  return {
    state,
    samples: samples.length,
    read: async (start: number, end: number) => {
      state.reads += 1;
      state.underWay += 1;
      await state.gate;
      state.underWay -= 1;
      if (state.fail > 0) {
        state.fail -= 1;
        throw new Error('the store is away');
      }
      return bytes.subarray(start, state.short ? end - 2 : end);
    },
    release: () => {
      expect(state.underWay).toBe(0);
      state.released += 1;
      return Promise.resolve();
    },
  };
}

const ignore = (): void => undefined;

/** Reads a clip to its end by these sizes, over and over. */
async function readAll(clip: Clip, sizes: readonly number[]): Promise<Int16Array> {
  const parts: number[] = [];
  for (let i = 0; ; i += 1) {
    const next = clip.next(sizes[i % sizes.length]!);
    if (next === null) return Int16Array.from(parts);
    expect(next.length).toBeLessThanOrEqual(sizes[i % sizes.length]!);
    parts.push(...next);
    await settle();
  }
}

describe('a clip', () => {
  it('gives its audio whole, whatever is asked for at a time', async () => {
    const lengths = fc.constantFrom(1, 319, 320, SECOND / 4, SECOND / 4 + 1, 3 * SECOND + 7);
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1 }),
        async (length, sizes) => {
          const samples = computedAudio(length, 0, length);
          const source = sourceOf(samples);
          const clip = await openPcmClip('p', source, ignore);
          // Single samples at a time would take long for nothing.
          expect(await readAll(clip, [...sizes, 20_000])).toEqual(samples);
          clip.close();
          await settle();
          expect(source.state.released).toBe(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('has its first samples ready at once, and reads no further before it is played', async () => {
    const samples = computedAudio(1, 0, 60 * SECOND);
    const source = sourceOf(samples);
    const clip = await openPcmClip('p', source, ignore);
    await settle();
    expect(source.state.reads).toBe(1);
    expect(clip.next(320)).toEqual(samples.slice(0, 320));
    await settle();
    expect(source.state.reads).toBeGreaterThan(1);
    clip.close();
  });

  it('reads a few seconds ahead and never more, however long it is', async () => {
    const source = sourceOf(new Int16Array(600 * SECOND));
    const clip = await openPcmClip('p', source, ignore);
    let taken = 0;
    for (let tick = 0; tick < 1000; tick += 1) {
      taken += clip.next(320)?.length ?? 0;
      await settle();
      const fetched = SECOND / 4 + (source.state.reads - 1) * SECOND;
      expect(fetched - taken).toBeLessThanOrEqual(3 * SECOND);
      expect(fetched - taken).toBeGreaterThan(0);
    }
    expect(taken).toBe(320_000);
    clip.close();
  });

  it('never waits: it has nothing while the store is slow, and goes on where it stood', async () => {
    const samples = computedAudio(5, 0, 2 * SECOND);
    const source = sourceOf(samples);
    const clip = await openPcmClip('p', source, ignore);
    let open = ignore;
    source.state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = clip.next(SECOND);
    expect(first).toEqual(samples.slice(0, SECOND / 4));
    expect(clip.next(320)).toEqual(new Int16Array(0));
    await settle();
    expect(clip.next(320)).toEqual(new Int16Array(0));
    open();
    await settle();
    expect(await readAll(clip, [1000])).toEqual(samples.slice(SECOND / 4));
    clip.close();
  });

  it('gets over two failed reads, and ends at the third', async () => {
    const source = sourceOf(new Int16Array(10 * SECOND));
    const failures: unknown[] = [];
    const clip = await openPcmClip('p', source, (error) => failures.push(error));
    source.state.fail = 2;
    expect(clip.next(320)).toHaveLength(320);
    await settle();
    expect(failures).toEqual([]);
    for (let i = 0; i < 30; i += 1) clip.next(1600);
    source.state.fail = 3;
    clip.next(1600);
    await settle();
    while (clip.next(1600) !== null) await settle();
    await settle();
    expect(failures).toHaveLength(1);
    expect(source.state.released).toBe(1);
  });

  it('cannot be opened when its audio cannot be read, and lets go of the source', async () => {
    const away = sourceOf(new Int16Array(100));
    away.state.fail = 9;
    await expect(openPcmClip('p', away, ignore)).rejects.toThrow('the store is away');
    const short = sourceOf(new Int16Array(100));
    short.state.short = true;
    await expect(openPcmClip('p', short, ignore)).rejects.toThrow('shorter than its record says');
    await settle();
    expect([away.state.released, short.state.released]).toEqual([1, 1]);
  });

  it('is over when it is closed, lets go once, and only after a read that is under way', async () => {
    const source = sourceOf(new Int16Array(10 * SECOND));
    const clip = await openPcmClip('p', source, ignore);
    let open = ignore;
    source.state.gate = new Promise((resolve) => {
      open = resolve;
    });
    clip.next(320);
    clip.close();
    clip.close();
    expect(clip.next(320)).toBeNull();
    await settle();
    expect(source.state.released).toBe(0);
    open();
    await settle();
    expect(source.state.released).toBe(1);
  });
});
