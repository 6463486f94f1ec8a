import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Finding } from './finding.ts';

const APPENDS = 200;
const APPEND_BYTES = 4096;
/** A slow disk is known well enough after this, ms. */
const LONGEST_MS = 4000;
/** No device answers a flush within this, ms: the fastest with a battery take some 20 µs. */
const TOO_FAST_MS = 0.01;
/** An acknowledgement waits for a sync, ms. */
const SLOW_MS = 30;
const SLOW_TAIL_MS = 250;

/** Times of single syncs, each behind an append of 4 KB, ms. Blocks the process: nothing else may disturb them. */
export function measureSyncs(path: string): number[] {
  const file = openSync(path, 'wx');
  const block = Buffer.alloc(APPEND_BYTES, 0x5a);
  const times: number[] = [];
  try {
    const started = performance.now();
    while (times.length < APPENDS && performance.now() - started < LONGEST_MS) {
      writeSync(file, block);
      const before = performance.now();
      fdatasyncSync(file);
      times.push(performance.now() - before);
    }
  } finally {
    closeSync(file);
  }
  return times;
}

/** Are these the times of a disk that writes, and writes soon enough? */
export function judgeSyncs(times: readonly number[]): Omit<Finding, 'subject'> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const [p50, p99] = [at(0.5), at(0.99)];
  const figures = `a sync of 4 KB takes ${p50.toFixed(3)} ms, at worst ${p99.toFixed(3)} ms (p50, p99 of ${times.length})`;
  if (p50 < TOO_FAST_MS) {
    return { verdict: 'warn', sentence: `${figures}: too fast for a disk, so nothing may be written at all` };
  }
  if (p50 > SLOW_MS || p99 > SLOW_TAIL_MS) {
    return { verdict: 'warn', sentence: `${figures}: acknowledgements wait that long; use a faster disk` };
  }
  return { verdict: 'ok', sentence: figures };
}
