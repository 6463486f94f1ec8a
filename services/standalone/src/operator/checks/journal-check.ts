import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, realpath, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { IngestConfig } from '@earshot/ingest';
import { failureCode } from '../../failure.ts';
import type { Finding } from './finding.ts';
import { findMount, judgeMount } from './mount.ts';
import { judgeSyncs, measureSyncs } from './sync-timing.ts';

type JournalSettings = Pick<
  IngestConfig,
  'EARSHOT_JOURNAL_DIR' | 'EARSHOT_JOURNAL_DURABILITY' | 'EARSHOT_JOURNAL_LOW_WATER_BYTES'
>;
type Judgement = Omit<Finding, 'subject'>;

const MIB = 2 ** 20;
const SAMPLE_BYTES = 65_536;
/** Less than this many times the low-water mark is soon used up. */
const COMFORTABLE = 4;

/**
 * Does the disk under the journal keep what it was told to sync? Acknowledgements stand on that. Tries it in a folder
 * of its own on the same mount, so that a running server is not disturbed.
 */
export async function checkJournal(settings: JournalSettings): Promise<Finding[]> {
  await mkdir(settings.EARSHOT_JOURNAL_DIR, { recursive: true });
  const folder = await realpath(settings.EARSHOT_JOURNAL_DIR);
  const trial = await mkdtemp(join(await neighbourhood(folder), '.doctor-'));
  try {
    const judgements = [
      judgeDurability(settings.EARSHOT_JOURNAL_DURABILITY),
      judgeMount(findMount(await readMounts(), folder), folder),
      judgeSyncs(measureSyncs(join(trial, 'timing'))),
      await tryReopening(trial),
      await tryRenaming(trial),
      await judgeRoom(folder, settings.EARSHOT_JOURNAL_LOW_WATER_BYTES),
    ];
    return judgements.map((judgement) => ({ subject: 'journal', ...judgement }));
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** Beside the journal where that is the same file system, else inside it. */
async function neighbourhood(folder: string): Promise<string> {
  const parent = dirname(folder);
  const [own, above] = await Promise.all([stat(folder), stat(parent)]);
  return own.dev === above.dev ? parent : folder;
}

async function readMounts(): Promise<string> {
  try {
    return await readFile('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if (failureCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function judgeDurability(durability: IngestConfig['EARSHOT_JOURNAL_DURABILITY']): Judgement {
  switch (durability) {
    case 'fsync':
      return { verdict: 'ok', sentence: 'durable means synced: it survives a power cut' };
    case 'os':
      return {
        verdict: 'warn',
        sentence: 'durable means written, by EARSHOT_JOURNAL_DURABILITY=os: a power cut takes it',
      };
    case 'off':
      return { verdict: 'warn', sentence: 'durable means nothing, by EARSHOT_JOURNAL_DURABILITY=off' };
  }
}

/** Is what was synced what a new look finds? */
async function tryReopening(trial: string): Promise<Judgement> {
  const path = join(trial, 'reopened');
  const bytes = randomBytes(SAMPLE_BYTES);
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  if (!bytes.equals(await readFile(path))) {
    return {
      verdict: 'fail',
      sentence: 'a file that was written and synced reads differently; replace this disk',
    };
  }
  return {
    verdict: 'ok',
    sentence: 'a file that was written and synced reads the same when it is opened again',
  };
}

/** Can a new name be made durable? */
async function tryRenaming(trial: string): Promise<Judgement> {
  await rename(join(trial, 'reopened'), join(trial, 'renamed'));
  const handle = await open(trial, 'r');
  try {
    await handle.sync();
  } catch (error) {
    const sentence = `a folder cannot be synced (${failureCode(error) ?? 'unknown'}), so files may vanish; use another disk`;
    return { verdict: 'fail', sentence };
  } finally {
    await handle.close();
  }
  await stat(join(trial, 'renamed'));
  return { verdict: 'ok', sentence: 'files can be renamed, and folders synced' };
}

async function judgeRoom(folder: string, lowWaterBytes: number): Promise<Judgement> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const figures = `${Math.floor(free / MIB)} MiB free, new streams are refused below ${Math.ceil(lowWaterBytes / MIB)}`;
  if (free < lowWaterBytes) return { verdict: 'fail', sentence: `${figures}; make room` };
  if (free < lowWaterBytes * COMFORTABLE) return { verdict: 'warn', sentence: `${figures}; make room soon` };
  return { verdict: 'ok', sentence: figures };
}
