import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Placed, ReorderWindow } from './reorder-window.ts';

interface Item {
  readonly number: number;
  readonly bytes: Uint8Array;
}

const item = (number: number, length = 1): Item => ({ number, bytes: new Uint8Array(length) });

function run(first: number | null, numbers: readonly number[]) {
  const window = new ReorderWindow<Item>({ first, windowFrames: LIMITS.reorderWindowFrames });
  const placed: Placed<Item>[] = [];
  const arrivals = numbers.map((number) => window.push(number, item(number), placed));
  const before = placed.length;
  window.flush(placed);
  return { arrivals, before, order: placed.map((one) => [one.item.number, one.missing]) };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('ReorderWindow', () => {
  it('passes items in order at once', () => {
    const { before, order } = run(1, [1, 2, 3]);
    expect(before).toBe(3);
    expect(order).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
  });

  it('undoes any shuffle inside the window without loss or doubling', () => {
    const shuffle = fc.array(fc.integer({ min: 0, max: LIMITS.reorderWindowFrames }), {
      minLength: 60,
      maxLength: 60,
    });
    fc.assert(
      fc.property(shuffle, fc.constantFrom(null, 1), (delays, first) => {
        const sent = delays.map((delay, at) => ({ number: at + 1, due: at + delay }));
        const arrived = sent.toSorted((a, b) => a.due - b.due || a.number - b.number);
        const { order } = run(
          first,
          arrived.map((one) => one.number),
        );
        expect(order).toEqual(sent.map((one) => [one.number, 0]));
      }),
    );
  });

  it('gives up what is missing once the window is full, and tells how much that is', () => {
    const behind = range(4, 4 + LIMITS.reorderWindowFrames);
    expect(run(1, [1, ...behind]).before).toBe(1);
    const { before, order } = run(1, [1, ...behind, 4 + LIMITS.reorderWindowFrames]);
    expect(before).toBe(2 + LIMITS.reorderWindowFrames);
    expect(order[1]).toEqual([4, 2]);
  });

  it('gives up what is missing when the held items grow too large', () => {
    const window = new ReorderWindow<Item>({ first: 1, windowFrames: LIMITS.reorderWindowFrames });
    const placed: Placed<Item>[] = [];
    window.push(2, item(2, LIMITS.maxMessageBytes), placed);
    expect(placed).toHaveLength(0);
    window.push(3, item(3, 1), placed);
    expect(placed.map((one) => one.missing)).toEqual([1, 0]);
  });

  it('drops what came before, also while it is held', () => {
    expect(run(1, [1, 1, 3, 3, 2, 2, 3]).arrivals).toEqual([
      ...['in_order', 'duplicate', 'in_order', 'duplicate'],
      ...['reordered', 'duplicate', 'duplicate'],
    ]);
  });

  it('calls an item late whose place was given up', () => {
    const { arrivals } = run(1, [1, ...range(3, 21), 2, 1]);
    expect(arrivals.slice(-2)).toEqual(['late', 'duplicate']);
  });

  it('starts a count of unknown origin at the lowest number in the first window', () => {
    expect(run(null, [7, 6, 8]).order).toEqual([
      [6, 0],
      [7, 0],
      [8, 0],
    ]);
    expect(run(null, [0, 1]).before).toBe(2);
  });

  it('follows a sender that counts from 0 where 1 is documented', () => {
    expect(run(1, [0, 1, 2]).order).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
  });

  it('counts what is missing at the start of a documented count', () => {
    expect(run(1, [3, 4]).order).toEqual([
      [3, 2],
      [4, 0],
    ]);
  });

  it('places each number once whatever comes', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 200 });
    fc.assert(
      fc.property(numbers, fc.constantFrom(null, 1), (all, first) => {
        const { order, arrivals } = run(first, all);
        const kept = order.map(([number]) => number ?? -1);
        expect(kept).toEqual([...new Set(kept)].toSorted((a, b) => a - b));
        const taken = arrivals.filter((one) => one === 'in_order' || one === 'reordered');
        expect(kept).toHaveLength(taken.length);
      }),
    );
  });
});
