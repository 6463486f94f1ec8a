import { readdir, readFile } from 'node:fs/promises';
import { cpuMs, residentKb, starvedMs } from '../../../rig/process-usage.ts';
import type { RedisWork } from './readings/redis-work.ts';

/** A server that streams are sent to. */
export interface StreamTarget {
  readonly name: 'bare' | 'earshot';
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  /** Programs that it needs beside it: Redis. */
  readonly helpers: readonly number[];
  /** Where each of a number of new streams may connect. */
  paths(count: number): Promise<string[]>;
  /** Lateness of the event loop since it was last asked, p99, ms; of several processes the worst. */
  loopP99Ms(): Promise<number>;
  /** Payload bytes of messages that it saw so far. */
  receivedBytes(): Promise<number>;
  /** What its Redis did so far; undefined for a server without one. */
  redisWork(): Promise<RedisWork | undefined>;
  /** Resolves when nothing is left to do of what was sent so far. */
  rest(): Promise<void>;
  stop(): Promise<void>;
}

/** What the processes of a target used so far, and the memory that they hold. */
export interface Usage {
  readonly cpuMs: number;
  /** Main threads that were ready to run while other programs had the processors. */
  readonly starvedMs: number;
  readonly residentKb: number;
}

export async function usageOf(pids: readonly number[]): Promise<Usage> {
  const sum = async (read: (pid: number) => Promise<number>): Promise<number> =>
    (await Promise.all(pids.map(read))).reduce((total, value) => total + value, 0);
  return { cpuMs: await sum(threadsMs), starvedMs: await sum(starvedMs), residentKb: await sum(residentKb) };
}

/** Processor time of all threads to the nanosecond, in place of the kernel's hundredths of a second for a process. */
async function threadsMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const schedstat = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '');
      return Number(schedstat.split(' ')[0] ?? 0) / 1e6;
    }),
  );
  const sum = times.reduce((total, ms) => total + ms, 0);
  return sum === 0 ? cpuMs(pid) : sum;
}
