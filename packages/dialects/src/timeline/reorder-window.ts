import { LIMITS } from '@earshot/protocol';

/** An item in its right place, and how many numbers before it never came. */
export interface Placed<T> {
  readonly item: T;
  readonly missing: number;
}

/** What became of an item: `late` means that its place had been given up as missing. */
export type Arrival = 'in_order' | 'reordered' | 'duplicate' | 'late';

interface Range {
  readonly from: number;
  readonly to: number;
}

const REMEMBERED_HOLES = 16;

/** How a sender numbers its frames, and how long one is waited for. */
export interface Numbering {
  /** Number of a track's first frame, or null if only the arrivals can tell. */
  readonly first: number | null;
  /** Frames held back at most while an earlier one is missing. */
  readonly windowFrames: number;
}

/**
 * Puts numbered items in order. An item ahead of its turn is held until the missing ones come, or until the window
 * is full and they are given up. Pure: the same arrivals give the same order.
 */
export class ReorderWindow<T extends { readonly bytes: Uint8Array }> {
  readonly #windowFrames: number;
  #next: number | null;
  #highest = -1;
  #heldBytes = 0;
  readonly #held = new Map<number, T>();
  readonly #givenUp: Range[] = [];

  constructor({ first, windowFrames }: Numbering) {
    this.#next = first;
    this.#windowFrames = windowFrames;
  }

  /** Takes an item, and appends to `placed` whatever is in its place now. */
  push(number: number, item: T, placed: Placed<T>[]): Arrival {
    if (this.#highest < 0) this.#settleFirst(number);
    if (this.#next !== null && number < this.#next) return this.#wasGivenUp(number) ? 'late' : 'duplicate';
    if (this.#held.has(number)) return 'duplicate';
    const arrival = number < this.#highest ? 'reordered' : 'in_order';
    if (number > this.#highest) this.#highest = number;
    if (number === this.#next) {
      this.#next = number + 1;
      placed.push({ item, missing: 0 });
      if (this.#held.size > 0) this.#placeHeld(placed);
    } else {
      this.#held.set(number, item);
      this.#heldBytes += item.bytes.length;
      while (this.#isFull()) this.#giveUp(placed);
    }
    return arrival;
  }

  /** Places all that is held; what is missing between is given up. */
  flush(placed: Placed<T>[]): void {
    while (this.#held.size > 0) this.#giveUp(placed);
  }

  /** Some platforms count from 0 where others count from 1. */
  #settleFirst(number: number): void {
    if (number === 0 || (this.#next !== null && number < this.#next)) this.#next = number;
  }

  #isFull(): boolean {
    return this.#held.size > this.#windowFrames || this.#heldBytes > LIMITS.maxMessageBytes;
  }

  #giveUp(placed: Placed<T>[]): void {
    const lowest = Math.min(...this.#held.keys());
    const missing = this.#next === null ? 0 : lowest - this.#next;
    if (missing > 0) {
      this.#givenUp.push({ from: lowest - missing, to: lowest });
      if (this.#givenUp.length > REMEMBERED_HOLES) this.#givenUp.shift();
    }
    this.#next = lowest;
    this.#placeHeld(placed, missing);
  }

  #placeHeld(placed: Placed<T>[], missingBefore = 0): void {
    let missing = missingBefore;
    for (let next = this.#next ?? 0; ; next += 1) {
      const item = this.#held.get(next);
      this.#next = next;
      if (item === undefined) return;
      this.#held.delete(next);
      this.#heldBytes -= item.bytes.length;
      placed.push({ item, missing });
      missing = 0;
    }
  }

  #wasGivenUp(number: number): boolean {
    return this.#givenUp.some((hole) => number >= hole.from && number < hole.to);
  }
}
