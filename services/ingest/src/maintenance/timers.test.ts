import { createLog } from '@earshot/runtime';
import type { Sessions } from '@earshot/sessions';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startTimers } from './timers.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const log = createLog({ service: 'test', level: 'silent' });

/** Sessions whose passes a test counts, holds and breaks. */
function countedPasses(carry: () => Promise<number> = () => Promise.resolve(0)) {
  const counts = { carries: 0, sweeps: 0, aborted: false };
  const sessions: Pick<Sessions, 'primeIndex' | 'sweepExpired' | 'carryEnds'> = {
    primeIndex: () => Promise.resolve(0),
    sweepExpired: () => {
      counts.sweeps += 1;
      return Promise.resolve();
    },
    carryEnds: (signal) => {
      counts.carries += 1;
      signal.addEventListener('abort', () => {
        counts.aborted = true;
      });
      return carry();
    },
  };
  return { counts, sessions };
}

describe('the maintenance of a node', () => {
  it('carries Ends through at once and every few seconds, and sweeps less often', async () => {
    const { counts, sessions } = countedPasses();
    const stop = startTimers(sessions, log);
    await jest.advanceTimersByTimeAsync(30_000);
    await stop();
    expect(counts).toMatchObject({ carries: 11, sweeps: 3 });
    await jest.advanceTimersByTimeAsync(30_000);
    expect(counts.carries).toBe(11);
  });

  it('goes on behind a pass that failed, and never runs two of a kind side by side', async () => {
    const failing = countedPasses(() => Promise.reject(new Error('no Redis')));
    const stopFailing = startTimers(failing.sessions, log);
    await jest.advanceTimersByTimeAsync(6000);
    expect(failing.counts.carries).toBe(3);
    await stopFailing();
    const slow = countedPasses(() => new Promise((resolve) => setTimeout(resolve, 10_000, 0)));
    const stopSlow = startTimers(slow.sessions, log);
    await jest.advanceTimersByTimeAsync(9000);
    expect(slow.counts).toMatchObject({ carries: 1, sweeps: 1 });
    const stopped = stopSlow();
    expect(slow.counts.aborted).toBe(true);
    await jest.advanceTimersByTimeAsync(1000);
    await stopped;
  });
});
