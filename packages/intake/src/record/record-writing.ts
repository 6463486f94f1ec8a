import type { SessionRef, StreamRecord } from '@earshot/protocol';
import type { IntakeContext } from '../context.ts';
import { type Stop, untilDone } from '../time/waiting.ts';

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
  return await untilDone(time, stop, {
    work: () => sessions.closeStream(ref, record),
    failed: (error, attempt) => {
      const fields = { session: ref.sessionId, epoch: record.epoch, attempt, err: error };
      log.error(fields, 'a stream record could not be stored; trying again');
    },
  });
}
