import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { OpenJournal } from '@earshot/journal';

/** A change that breaks one rule of the journal. */
export interface JournalMutant {
  /** The rule that it breaks, as the end of "notices a journal that …". */
  readonly breaks: string;
  /** Below the package's `src`. */
  readonly file: string;
  /** Every occurrence is replaced; there has to be one. */
  readonly find: string;
  readonly replace: string;
}

const PACKAGE = fileURLToPath(new URL('../../../../packages/journal', import.meta.url));

/** Loads a copy of the journal with a mutant in it from a folder that the caller removes; without one it is as it is. */
export async function loadJournal(folder: string, mutant: JournalMutant | undefined): Promise<OpenJournal> {
  await cp(join(PACKAGE, 'src'), join(folder, 'src'), {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
  await cp(join(PACKAGE, 'package.json'), join(folder, 'package.json'));
  await symlink(join(PACKAGE, 'node_modules'), join(folder, 'node_modules'));
  if (mutant !== undefined) await mutate(join(folder, 'src', mutant.file), mutant);
  const loaded: unknown = await import(pathToFileURL(join(folder, 'src/index.ts')).href);
  if (!hasOpenJournal(loaded)) throw new Error('the journal does not export openJournal any more');
  return loaded.openJournal;
}

async function mutate(file: string, { breaks, find, replace }: JournalMutant): Promise<void> {
  const source = await readFile(file, 'utf8');
  if (!source.includes(find))
    throw new Error(`the mutant that ${breaks} does not fit ${file}: it has no ${find}`);
  await writeFile(file, source.replaceAll(find, replace));
}

function hasOpenJournal(loaded: unknown): loaded is { openJournal: OpenJournal } {
  return typeof loaded === 'object' && loaded !== null && 'openJournal' in loaded;
}
