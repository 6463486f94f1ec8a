import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY, type Outcome, retryDelayMs } from './retry-policy.ts';

const outcome = (status: Outcome['status'], attempt = 1, retryAfter: string | null = null): Outcome => ({
  status,
  attempt,
  retryAfter,
});

describe('retryDelayMs', () => {
  it('waits as long as Retry-After says after a 429', () => {
    expect(retryDelayMs(DEFAULT_RETRY, outcome(429, 1, '7'), 0)).toBe(7000);
  });

  it('never waits longer than the cap, whatever the server asks for', () => {
    expect(retryDelayMs(DEFAULT_RETRY, outcome(503, 1, '86400'), 0)).toBe(DEFAULT_RETRY.maxDelayMs);
  });

  it.each([429, 502, 503, 504, 507, 'no_answer'] as const)(
    'doubles the wait with each try after %s',
    (status) => {
      const waits = [1, 2, 3].map((attempt) => retryDelayMs(DEFAULT_RETRY, outcome(status, attempt), 1));
      expect(waits).toEqual([250, 500, 1000]);
    },
  );

  it('spreads waits over half their length', () => {
    expect(retryDelayMs(DEFAULT_RETRY, outcome(503), 0)).toBe(125);
  });

  it('tries a 500 once more and no oftener', () => {
    expect(retryDelayMs(DEFAULT_RETRY, outcome(500, 1), 0)).toBe(250);
    expect(retryDelayMs(DEFAULT_RETRY, outcome(500, 2), 0)).toBeUndefined();
  });

  it.each([400, 401, 403, 404, 409, 410, 413, 422])('never tries a %d again', (status) => {
    expect(retryDelayMs(DEFAULT_RETRY, outcome(status), 0)).toBeUndefined();
  });

  it('gives up after the set number of tries', () => {
    expect(retryDelayMs(DEFAULT_RETRY, outcome(503, DEFAULT_RETRY.attempts - 1), 0)).toBeDefined();
    expect(retryDelayMs(DEFAULT_RETRY, outcome(503, DEFAULT_RETRY.attempts), 0)).toBeUndefined();
  });
});
