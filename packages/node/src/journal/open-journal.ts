import { randomBytes } from 'node:crypto';
import {
  createNodeDisk,
  type Journal,
  type JournalFigures,
  openJournal,
  type Recovery,
  systemJournalTime,
} from '@earshot/journal';
import { LIMITS } from '@earshot/protocol';
import type { Log, Metrics } from '@earshot/runtime';
import type { NodeSettings } from '../settings.ts';

export interface NodeJournal {
  readonly journal: Journal;
  /** What was found when it was opened. */
  readonly recovery: Recovery;
  /** Its figures now; commit times since the last look go to the metrics. */
  figures(): JournalFigures;
}

/** Opens the journal with the operator's settings and shows its figures as metrics. */
export async function openNodeJournal(
  config: NodeSettings,
  parts: { log: Log; metrics: Metrics; onFailure: (error: Error) => void },
): Promise<NodeJournal> {
  const { log, metrics } = parts;
  const opened = await openJournal({
    disk: await createNodeDisk(config.EARSHOT_JOURNAL_DIR),
    time: systemJournalTime,
    randomBytes: (count) => randomBytes(count),
    settings: {
      durability: config.EARSHOT_JOURNAL_DURABILITY,
      commitMs: config.EARSHOT_JOURNAL_COMMIT_MS,
      commitBytes: LIMITS.journalCommitBytes,
      fileBytes: config.EARSHOT_JOURNAL_FILE_BYTES,
      reserveBytes: config.EARSHOT_JOURNAL_RESERVE_BYTES,
      lowWaterBytes: config.EARSHOT_JOURNAL_LOW_WATER_BYTES,
      maxUnsyncedBytes: LIMITS.journalMaxUnsyncedBytes,
    },
    onFailure: parts.onFailure,
  });
  opened.journal.onState((state) => log.warn({ state }, 'the journal changed its state'));
  const figures = (): JournalFigures => {
    const now = opened.journal.figures();
    for (const ms of now.commitMs) metrics.observe('earshot_journal_commit_seconds', {}, ms / 1000);
    return now;
  };
  metrics.onCollect(() => showFigures(figures(), metrics));
  return { ...opened, figures };
}

function showFigures({ files, bytes, unsyncedBytes, freeBytes }: JournalFigures, metrics: Metrics): void {
  metrics.set('earshot_journal_files', {}, files);
  metrics.set('earshot_journal_bytes', {}, bytes);
  metrics.set('earshot_journal_unsynced_bytes', {}, unsyncedBytes);
  metrics.set('earshot_journal_free_bytes', {}, freeBytes);
}
