import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';

/** The engine takes so long that its answer is kept beside the report, with the cuts that it holds for. */
const FILE = join(workspaceRoot, 'infra', 'benchmarks', 'cuts.words.json');

const heard = z.object({
  talkers: z.array(z.string()).readonly(),
  words: z.number(),
  alone: z.number(),
  stream: z.number(),
  spread: z.number(),
  seconds: z.number(),
  starts: z.array(z.number()).readonly(),
});
const keptWords = z.object({
  /** How it was measured, and how many minutes that took. */
  command: z.string(),
  minutes: z.number(),
  seed: z.number(),
  wordSeconds: z.number(),
  clear: heard,
  hard: heard.optional(),
});
export type KeptWords = z.infer<typeof keptWords>;

/** What the last `--only words` found; undefined where it was never run, or by a bench of another kind. */
export async function readKeptWords(): Promise<KeptWords | undefined> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : keptWords.safeParse(JSON.parse(text)).data;
}

/** Keeps it, the cuts of a stream on one line. */
export async function keepWords(kept: KeptWords): Promise<void> {
  const text = JSON.stringify(kept, undefined, 2).replaceAll(/\[[^[\]{}]*\]/g, (list) =>
    list.replaceAll(/\n\s*/g, ''),
  );
  await writeFile(FILE, `${text}\n`);
}
