import { readFileSync } from 'node:fs';
import { link, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPrivateFile } from './private-file.ts';
import { systemFailure } from './system-failure.ts';

/** Another process uses the data folder. */
export class FolderInUse extends Error {
  constructor(folder: string, pid: number) {
    super(
      `Process ${pid} already runs earshot on ${folder}; stop it, or choose another folder (EARSHOT_DATA_DIR, EARSHOT_JOURNAL_DIR).`,
    );
    this.name = 'FolderInUse';
  }
}

/**
 * Takes the data folder for this process, so that no two Redis servers write the same files; a lock whose
 * process is gone is taken over. Resolves to what gives it back; throws FolderInUse.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'earshot.lock');
  const own = `${path}.${process.pid}`;
  await writeFile(own, `${process.pid} ${startOf(process.pid) ?? ''}\n`);
  try {
    for (let tries = 0; tries < 5; tries++) {
      if (await tryLink(own, path)) return () => rm(path, { force: true });
      const holder = holderOf((await readPrivateFile(path)) ?? '');
      if (holder !== undefined) throw new FolderInUse(folder, holder);
      await rm(path, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
  throw new Error(`The lock ${path} cannot be taken.`);
}

/** A link appears whole and only once, so two starters never both succeed. */
async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (systemFailure(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The living process that a lock names, or undefined. */
function holderOf(text: string): number | undefined {
  const [pidText = '', start = ''] = text.split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemFailure(error) !== 'EPERM') return undefined;
  }
  // The same number may since belong to another process; its start time tells (proc(5), field 22 of stat).
  return start === '' || startOf(pid) === undefined || startOf(pid) === start ? pid : undefined;
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
