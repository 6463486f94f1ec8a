import { describe, expect, it } from '@jest/globals';
import { systemTime } from '../time/system-time.ts';
import { createStorageSlots } from './storage-slots.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the way to storage of a node', () => {
  it('lets so many writes run at once, the others in order of arrival, and goes on behind a failure', async () => {
    const slots = createStorageSlots(2, systemTime);
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

  it('prepares one segment in a turn of the loop, and goes on behind a failure', async () => {
    const slots = createStorageSlots(32, systemTime);
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const at: number[] = [];
    const prepare = (number: number) => () => {
      at.push(turns);
      return number === 0 ? Promise.reject(new Error('unreadable')) : Promise.resolve(number);
    };
    const prepared = await Promise.allSettled([0, 1, 2, 3].map((number) => slots.prepare(prepare(number))));
    counting = false;
    expect(prepared.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(new Set(at).size).toBe(4);
  });
});
