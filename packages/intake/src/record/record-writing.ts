import type { SessionRef, StreamRecord } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { backOff, type Stop, worthLogging } from '../time/waiting.ts';

/**
 * Closes a session's stay on this node: writes the record and gives the lease back, as often as it takes.
 * False when it was stopped before.
 */
export async function writeRecord(
  context: Pick<IntakeContext, 'sessions' | 'log' | 'time'>,
  ref: SessionRef,
  { record, stop }: { record: StreamRecord; stop: Stop },
): Promise<boolean> {
  const { sessions, log, time } = context;
  for (let attempt = 1; !stop.stopped; attempt += 1) {
    try {
      await sessions.closeStream(ref, record);
      return true;
    } catch (error) {
      const fields = { session: ref.sessionId, epoch: record.epoch, attempt, err: error };
      if (worthLogging(attempt)) log.error(fields, 'a stream record could not be stored; trying again');
      await backOff(time, attempt, stop);
    }
  }
  return false;
}
