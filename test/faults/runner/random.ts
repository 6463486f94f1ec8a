/** Repeatable chance: the same seed gives the same choices in the same order. */
export interface Random {
  readonly seed: number;
  /** 0 ≤ x < 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** An independent source that depends on this seed and a label only, not on what was drawn before. */
  fork(label: string | number): Random;
}

/** A 32-bit counter through a mixing function; good enough to choose faults with. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    return mixed(state) / 0x1_0000_0000;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    seed,
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError('there is nothing to pick from');
      return item;
    },
    fork: (label) => seededRandom(forkSeed(seed, String(label))),
  };
}

/** 31 bits, so that it is an ordinary positive number in logs and options. */
export function forkSeed(seed: number, label: string): number {
  let hash = mixed(seed ^ 0x51ed_270b);
  for (const char of label) hash = mixed(hash ^ (char.codePointAt(0) ?? 0));
  return hash >>> 1;
}

function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 15), hash | 1);
  hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
  return (hash ^ (hash >>> 14)) >>> 0;
}
