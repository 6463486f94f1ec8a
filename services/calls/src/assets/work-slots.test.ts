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
      slots.run('a', () => {
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
    const running = slots.run('a', async () => {
      await first.run();
      throw new Error('broken');
    });
    const waiting = slots.run('a', () => Promise.resolve('next'));
    await expect(slots.run('a', () => Promise.resolve('never'))).rejects.toMatchObject({
      code: 'service_unavailable',
      details: { retry_after_seconds: 5 },
    });
    first.finish('');
    await expect(running).rejects.toThrow('broken');
    expect(await waiting).toBe('next');
    expect(await slots.run('a', () => Promise.resolve('free'))).toBe('free');
  });

  it('give tenants their turns, whoever came with more', async () => {
    const slots = createWorkSlots({ running: 1, waiting: 8 });
    const order: string[] = [];
    const first = heldTask();
    const all = [slots.run('big', first.run)];
    for (const name of ['big 1', 'big 2', 'big 3', 'small 1', 'tiny 1', 'small 2']) {
      const [tenant = ''] = name.split(' ');
      all.push(
        slots.run(tenant, () => {
          order.push(name);
          return Promise.resolve('');
        }),
      );
    }
    first.finish('');
    await Promise.all(all);
    expect(order).toEqual(['big 1', 'small 1', 'tiny 1', 'big 2', 'small 2', 'big 3']);
  });

  it('let one tenant take half of the places to wait', async () => {
    const slots = createWorkSlots({ running: 1, waiting: 4 });
    const first = heldTask();
    const all = [slots.run('big', first.run)];
    const wait = (tenant: string) => slots.run(tenant, () => Promise.resolve(tenant));
    all.push(wait('big'), wait('big'));
    await expect(wait('big')).rejects.toMatchObject({ code: 'service_unavailable' });
    all.push(wait('small'), wait('tiny'));
    await expect(wait('other')).rejects.toMatchObject({ code: 'service_unavailable' });
    first.finish('big');
    expect(await Promise.all(all)).toEqual(['big', 'big', 'big', 'small', 'tiny']);
  });
});
