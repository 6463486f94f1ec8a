import { describe, expect, it } from '@jest/globals';
import { Life, Scheduler } from './scheduler.ts';
import { Trace } from './trace.ts';

describe('the scheduler', () => {
  it('runs events in the order of their time, whatever the order in which they were planned', async () => {
    const scheduler = new Scheduler(1);
    const heard: number[] = [];
    for (const ms of [30, 10, 20, 5, 25]) scheduler.after(ms, 'event', () => heard.push(scheduler.nowMs));
    expect(await scheduler.run(() => false, 1000)).toBe(false);
    expect(heard).toEqual([5, 10, 20, 25, 30]);
  });

  it('lets chance decide among events of one time, the same chance for the same seed', async () => {
    const order = async (seed: number): Promise<string> => {
      const scheduler = new Scheduler(seed);
      let heard = '';
      for (const name of 'abcdefgh') scheduler.after(5, name, () => (heard += name));
      await scheduler.run(() => false, 10);
      return heard;
    };
    expect(await order(1)).toBe(await order(1));
    expect(new Set(await Promise.all([1, 2, 3, 4].map(order))).size).toBeGreaterThan(1);
  });

  it('finishes everything that the promises of an event lead to before the next event', async () => {
    const scheduler = new Scheduler(1);
    const heard: string[] = [];
    const chain = async (): Promise<void> => {
      for (let round = 0; round < 200; round += 1) await Promise.resolve();
      heard.push('chain');
    };
    scheduler.after(1, 'first', () => void chain());
    scheduler.after(1.001, 'second', () => heard.push('second'));
    await scheduler.run(() => false, 10);
    expect(heard).toEqual(['chain', 'second']);
  });

  it('forgets what was cancelled and what a dead process had planned', async () => {
    const scheduler = new Scheduler(1);
    const life = new Life('a');
    const heard: string[] = [];
    const cancel = scheduler.after(5, 'cancelled', () => heard.push('cancelled'));
    scheduler.after(5, 'of the dead', () => heard.push('of the dead'), life);
    scheduler.after(5, 'of nobody', () => heard.push('of nobody'));
    cancel();
    scheduler.after(1, 'death', () => (life.dead = true));
    await scheduler.run(() => false, 10);
    expect(heard).toEqual(['of nobody']);
  });

  it('stops where it is told, and goes on from there', async () => {
    const scheduler = new Scheduler(1);
    const heard: number[] = [];
    for (const ms of [5, 15]) scheduler.after(ms, 'event', () => heard.push(ms));
    await scheduler.run(() => false, 10);
    expect([heard, scheduler.nowMs]).toEqual([[5], 10]);
    expect(await scheduler.run(() => heard.length === 2, 20)).toBe(true);
  });

  it('rejects with what an event throws', async () => {
    const scheduler = new Scheduler(1);
    scheduler.after(1, 'bad', () => {
      throw new Error('of the event');
    });
    await expect(scheduler.run(() => false, 10)).rejects.toThrow('of the event');
  });
});

describe('the trace', () => {
  it('has one hash for the same notes, kept or not, and another for any difference', () => {
    const hashOf = (keep: boolean, ...notes: [number, string, number][]): string => {
      const trace = new Trace(keep);
      for (const [atMs, what, number] of notes) trace.note(atMs, what, number);
      return trace.hash;
    };
    const hash = hashOf(true, [1, 'a', 2], [3, 'b', 4]);
    expect(hashOf(false, [1, 'a', 2], [3, 'b', 4])).toBe(hash);
    const others = [
      hashOf(false, [1.001, 'a', 2], [3, 'b', 4]),
      hashOf(false, [1, 'c', 2], [3, 'b', 4]),
      hashOf(false, [1, 'a', 5], [3, 'b', 4]),
      hashOf(false, [3, 'b', 4], [1, 'a', 2]),
    ];
    expect(others).not.toContain(hash);
    expect(new Set(others).size).toBe(4);
  });
});
