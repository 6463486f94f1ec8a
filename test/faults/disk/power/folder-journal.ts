import { randomBytes } from 'node:crypto';
import { createNodeDisk, openJournal, systemJournalTime } from '@earshot/journal';
import type { SessionClaim } from '../oracle/claims.ts';
import { judgeRecovery } from '../oracle/recovered.ts';
import type { Verdict } from '../oracle/verdict.ts';
import { DRIVER_JOURNAL } from './driver-lines.ts';

const PATIENCE_MS = 20_000;

/** Opens the journal that a driver left in a folder, judges it, goes on with it and closes it. */
export async function judgeFolder(
  folder: string,
  claims: readonly SessionClaim[],
  verdict: Verdict,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the recovery does not end')), PATIENCE_MS);
  });
  try {
    await Promise.race([recoverAndJudge(folder, claims, verdict), tooLate]);
  } catch (error) {
    verdict.wrong('stuck', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    clearTimeout(timer);
  }
}

async function recoverAndJudge(
  folder: string,
  claims: readonly SessionClaim[],
  verdict: Verdict,
): Promise<void> {
  const { journal, recovery } = await openJournal({
    disk: await createNodeDisk(folder),
    time: systemJournalTime,
    randomBytes: (count) => randomBytes(count),
    settings: DRIVER_JOURNAL,
    onFailure: (error) => verdict.wrong('stuck', `the journal failed after its recovery: ${error.message}`),
  });
  await judgeRecovery(recovery, claims, verdict);
  for (const { stream } of recovery.streams) stream.begin(stream.epoch + 1, { count: 1 });
  await journal.whenDurable();
  await journal.close();
}
