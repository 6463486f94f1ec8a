import { describe, expect, it } from '@jest/globals';
import { createStorageSlots } from './storage-slots.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the way to storage of a node', () => {
  it('lets so many writes run at once, the others in order of arrival, and goes on behind a failure', async () => {
    const slots = createStorageSlots(2);
    const begun: number[] = [];
    let most = 0;
    let running = 0;
    const write = (number: number) => async () => {
      begun.push(number);
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
      if (number === 1) throw new Error('refused');
    };
    const writes = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => slots.run(write(number))));
    expect(writes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
  });

  it('gives each write memory that no other has meanwhile, of the length that it asks for', async () => {
    const slots = createStorageSlots(2);
    const write = (length: number) =>
      slots.run(async (memory) => {
        const bytes = memory.take(length);
        bytes.fill(length % 251);
        await turn();
        return bytes.length === length && bytes.every((byte) => byte === length % 251);
      });
    const lengths = [10, 700_000, 1, 0, 200_000, 131_072, 131_073, 44];
    expect(await Promise.all(lengths.map(write))).toEqual(lengths.map(() => true));
  });

  it('gives the memory of a write to the next, but not that of one that failed and may still go on', async () => {
    const slots = createStorageSlots(1);
    const memoryOf = (failing: boolean) => {
      let taken: ArrayBufferLike | undefined;
      return slots
        .run((memory) => {
          taken = memory.take(100).buffer;
          return failing ? Promise.reject(new Error('timed out')) : Promise.resolve();
        })
        .catch(() => undefined)
        .then(() => taken);
    };
    const first = await memoryOf(false);
    expect(await memoryOf(false)).toBe(first);
    expect(await memoryOf(true)).toBe(first);
    expect(await memoryOf(false)).not.toBe(first);
  });
});
