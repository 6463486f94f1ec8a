import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createSemaphore, mapBounded } from './semaphore.ts';

describe('a semaphore', () => {
  it('lets no more in than it has places, in the order of coming', async () => {
    const semaphore = createSemaphore(2);
    const log: string[] = [];
    let inside = 0;
    let most = 0;
    const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      semaphore.run(async () => {
        inside += 1;
        most = Math.max(most, inside);
        log.push(name);
        await turn();
        inside -= 1;
      }),
    );
    await Promise.all(tasks);
    expect(most).toBe(2);
    expect(log.join('')).toBe('abcde');
  });

  it('frees the place of a task that fails', async () => {
    const semaphore = createSemaphore(1);
    await expect(semaphore.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await semaphore.run(() => Promise.resolve('next'))).toBe('next');
  });

  it('takes a place back only once', async () => {
    const semaphore = createSemaphore(1);
    const leave = await semaphore.enter();
    leave();
    leave();
    await semaphore.enter();
    let entered = false;
    void semaphore.enter().then(() => {
      entered = true;
    });
    await turn();
    expect(entered).toBe(false);
  });

  it('keeps the order of results whatever finishes first', async () => {
    const results = await mapBounded([3, 1, 2], 2, async (turns) => {
      for (let i = 0; i < turns; i += 1) await turn();
      return turns * 10;
    });
    expect(results).toEqual([30, 10, 20]);
  });
});
