import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NodeBase, openNode } from '@earshot/node';
import { createLifecycle, type Metrics } from '@earshot/runtime';
import type { IngestConfig } from '../config.ts';
import { numbersLeftBehind, settingsOf } from './journal-folders.ts';

/** What takes journals up that no process has any more. */
export interface LeftBehind extends NodeBase<IngestConfig> {
  /** Processes that there are now. */
  readonly processes: number;
  readonly onJournalFailure: (error: Error) => void;
}

const DRAIN_MS = 15_000;
const PAUSE_MS = 2000;

/**
 * Opens the journals of processes that are no more, each under its old name, so that their audio goes on as after a
 * restart: to the object store, or to whoever feeds the session now. A folder with nothing in it is removed; one whose
 * audio went on is removed at the next start.
 */
export async function takeUpLeftBehind(parts: LeftBehind): Promise<void> {
  const { config, processes, lifecycle, log } = parts;
  const numbers = await numbersLeftBehind(config.EARSHOT_JOURNAL_DIR, processes);
  if (numbers.length === 0) return;
  const work = Promise.all(numbers.map((number) => takeUp(parts, number)));
  lifecycle.onStop('journals of former processes', () => work.then(() => undefined), DRAIN_MS);
  log.warn({ processes, journals: numbers }, 'journals of former processes are taken up');
}

/** Another service may still drain the folder, or the store may be away: tried until it works. */
async function takeUp(parts: LeftBehind, number: number): Promise<void> {
  const { log, lifecycle } = parts;
  for (let attempt = 1; !lifecycle.signal.aborted; attempt += 1) {
    try {
      await open(parts, number);
      return;
    } catch (error) {
      if (attempt === 1) log.warn({ journal: number, err: error }, 'a journal cannot be taken up yet');
      await sleep(PAUSE_MS, undefined, { signal: lifecycle.signal }).catch(() => undefined);
    }
  }
}

async function open(parts: LeftBehind, number: number): Promise<void> {
  const { lifecycle, log } = parts;
  const own = createLifecycle(log);
  const config = settingsOf(parts.config, number);
  const base = { config, log, lifecycle: own, metrics: countersOf(parts.metrics) };
  try {
    const node = await openNode(base, parts.onJournalFailure);
    const { streams, damage } = node.journal.recovery;
    if (streams.length === 0 && damage.length === 0) {
      await own.stop('nothing is left in the journal');
      await rm(config.EARSHOT_JOURNAL_DIR, { recursive: true, force: true });
      return;
    }
    own.onStop('streams that were taken up', () => node.intake.close(DRAIN_MS - 2000), DRAIN_MS - 1000);
    lifecycle.onStop(`journal ${number}`, () => own.stop('close').then(() => undefined), DRAIN_MS);
    await node.intake.recover();
  } catch (error) {
    await own.stop('could not be taken up');
    throw error;
  }
}

/** Its gauges would overwrite those of the process itself. */
function countersOf(metrics: Metrics): Metrics {
  return { ...metrics, set: () => undefined, onCollect: () => undefined };
}
