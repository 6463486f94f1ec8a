import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';
import type { WordErrors } from './word-errors.ts';

/** The engine takes so long that its answer is kept beside the report, with the cuts that it holds for. */
const FILE = join(workspaceRoot, 'infra', 'benchmarks', 'cuts.words.json');

const keptWords = z.object({
  /** How it was measured, and how many minutes that took. */
  command: z.string(),
  minutes: z.number(),
  split: z.string(),
  seed: z.number(),
  wordSeconds: z.number(),
  words: z.number(),
  alone: z.number(),
  stream: z.number(),
  starts: z.array(z.number()),
  seconds: z.number(),
  sound: z.number().optional(),
});
export type KeptWords = z.infer<typeof keptWords>;

/** What the last `--only words` found; undefined where it was never run. */
export async function readKeptWords(): Promise<KeptWords | undefined> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : keptWords.parse(JSON.parse(text));
}

export async function keepWords(
  errors: WordErrors,
  run: Pick<KeptWords, 'command' | 'minutes' | 'split' | 'seed' | 'wordSeconds'>,
): Promise<void> {
  const kept: KeptWords = { ...run, ...errors, starts: [...errors.starts] };
  const { starts, ...rest } = kept;
  const lines = Object.entries(rest).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  await writeFile(FILE, `{\n${lines.join('\n')}\n  "starts": ${JSON.stringify(starts)}\n}\n`);
}
