import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { IngestConfig } from '../config.ts';

const NUMBER = /^[1-9]\d{0,3}$/;

/**
 * The settings of one process of several. The first one has the journal's folder itself, so that a service which grows
 * from one process to several leaves nothing behind; the others have numbered folders in it, and names of their own.
 */
export function settingsOf(config: IngestConfig, number: number): IngestConfig {
  if (number === 1) return config;
  const name = config.EARSHOT_NODE_NAME;
  return {
    ...config,
    EARSHOT_JOURNAL_DIR: join(config.EARSHOT_JOURNAL_DIR, String(number)),
    EARSHOT_NODE_NAME: name === undefined ? undefined : `${name}-${number}`,
  };
}

/** Numbers of processes that had a journal here and are none of the first `processes`. */
export async function numbersLeftBehind(journalFolder: string, processes: number): Promise<number[]> {
  const entries = await readdir(journalFolder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && NUMBER.test(entry.name))
    .map((entry) => Number(entry.name))
    .filter((number) => number > processes)
    .sort((a, b) => a - b);
}
