import { EarshotError } from '@earshot/protocol';
import { type Handler, type JobContext, RetryLater } from '@earshot/queue';

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 300_000;

/** Waits that double with every time a job was put off. */
export function growingWaitMs(
  context: Pick<JobContext, 'postponed'>,
  firstMs: number,
  longestMs: number,
): number {
  return Math.min(firstMs * 2 ** Math.min(context.postponed, 20), longestMs);
}

/**
 * A handler that puts its job off while storage or Redis is away: an outage of ours must not use up the attempts
 * of somebody's audio.
 */
export function patient<T>(handler: Handler<T>): Handler<T> {
  return async (job, context) => {
    try {
      await handler(job, context);
    } catch (error) {
      if (!isOutage(error) || !context.mayPostpone) throw error;
      throw new RetryLater(growingWaitMs(context, FIRST_WAIT_MS, LONGEST_WAIT_MS), error.code);
    }
  };
}

function isOutage(error: unknown): error is EarshotError {
  return (
    error instanceof EarshotError &&
    (error.code === 'service_unavailable' || error.code === 'insufficient_storage')
  );
}
