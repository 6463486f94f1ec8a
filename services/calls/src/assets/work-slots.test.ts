import { describe, expect, it } from '@jest/globals';
import { createWorkSlots } from './work-slots.ts';

/** A task that a test ends. */
function heldTask() {
  let finish: (value: string) => void = () => undefined;
  const result = new Promise<string>((resolve) => {
    finish = resolve;
  });
  return { run: () => result, finish: (value: string) => finish(value) };
}

const settle = async () => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

describe('work slots', () => {
  it('run a few tasks at once and the others in their order', async () => {
    const slots = createWorkSlots({ running: 2, waiting: 9 });
    const started: number[] = [];
    const tasks = Array.from({ length: 5 }, heldTask);
    const done = tasks.map((task, i) =>
      slots.run(() => {
        started.push(i);
        return task.run();
      }),
    );
    await settle();
    expect(started).toEqual([0, 1]);
    tasks[1]!.finish('b');
    await settle();
    expect(started).toEqual([0, 1, 2]);
    for (const task of tasks) task.finish('x');
    expect(await Promise.all(done)).toEqual(['x', 'b', 'x', 'x', 'x']);
  });

  it('refuse when too many wait, and free their place when a task fails', async () => {
    const slots = createWorkSlots({ running: 1, waiting: 1 });
    const first = heldTask();
    const running = slots.run(async () => {
      await first.run();
      throw new Error('broken');
    });
    const waiting = slots.run(() => Promise.resolve('next'));
    await expect(slots.run(() => Promise.resolve('never'))).rejects.toMatchObject({
      code: 'service_unavailable',
      details: { retry_after_seconds: 5 },
    });
    first.finish('');
    await expect(running).rejects.toThrow('broken');
    expect(await waiting).toBe('next');
    expect(await slots.run(() => Promise.resolve('free'))).toBe('free');
  });
});
