import { EarshotError } from '@earshot/protocol';
import { type JobContext, RetryLater } from '@earshot/queue';
import { describe, expect, it } from '@jest/globals';
import { growingWaitMs, patient } from './outages.ts';

const context: JobContext = {
  attempt: 1,
  maxAttempts: 3,
  finalAttempt: false,
  postponed: 0,
  mayPostpone: true,
  signal: new AbortController().signal,
};

const failing = (error: Error) => patient(() => Promise.reject(error));

describe('a patient handler', () => {
  it('puts its job off while storage is away, longer each time', async () => {
    const handler = failing(new EarshotError('service_unavailable'));
    const first = await handler({}, context).catch((error: unknown) => error);
    const later = await handler({}, { ...context, postponed: 4 }).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(RetryLater);
    expect(first).toMatchObject({ delayMs: 2000 });
    expect(later).toMatchObject({ delayMs: 32_000 });
  });

  it('lets an outage count as a failed attempt once the job was put off too often', async () => {
    const error = new EarshotError('insufficient_storage');
    await expect(failing(error)({}, { ...context, mayPostpone: false })).rejects.toBe(error);
  });

  it('does not touch other errors', async () => {
    const error = new EarshotError('upstream_unreachable');
    await expect(failing(error)({}, context)).rejects.toBe(error);
  });

  it('never waits longer than the longest wait', () => {
    expect(growingWaitMs({ postponed: 1000 }, 2000, 300_000)).toBe(300_000);
  });
});
