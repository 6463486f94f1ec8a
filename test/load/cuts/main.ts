import { figuresLine } from '../calls/report/figures.ts';
import { type CutsOptions, readCutsOptions } from './options.ts';
import { cutsFigures, wordFigures } from './report/figures.ts';
import { figureTable, writeCutsReport } from './report/report.ts';
import { collect } from './report/results.ts';
import { CHANGING_NOISES, STEADY_NOISES } from './runs/conditions.ts';
import { measureStage, type StageCost } from './runs/stage-cost.ts';
import type { Task } from './runs/task.ts';
import { onThreads } from './runs/threads.ts';
import { toPcm } from './sound/signal.ts';
import { missingPrograms, openSynthesizer } from './speech/synthesizer.ts';
import { makeTalk } from './speech/talk.ts';
import { measureWords, type WordErrors } from './words/word-errors.ts';

/** Levels of noise alone: as loud as the words, and 20 dB below. */
const NOISE_LEVELS_DBOV = [-26, -46];

/** The longest tasks first, so that the threads end together. */
function tasksOf(options: CutsOptions): Task[] {
  const { split, seed, talkSeconds: seconds, noiseSeconds, noiseTracks } = options;
  const talks = Array.from({ length: options.talks }, (_, index): Task => {
    return { kind: 'talk', plan: { split, seed, index, seconds } };
  });
  const noises = [...STEADY_NOISES, ...CHANGING_NOISES].flatMap((noise) =>
    NOISE_LEVELS_DBOV.flatMap((dbov) =>
      Array.from({ length: noiseTracks }, (_, track): Task => {
        return { kind: 'noise', noise, dbov, seconds: noiseSeconds, seed: 100_000 * seed + track };
      }),
    ),
  );
  return [...talks, ...noises];
}

async function costOf(options: CutsOptions): Promise<StageCost> {
  say(`cost: ${options.streams} streams`);
  const synthesizer = await openSynthesizer();
  try {
    const talk = await makeTalk(synthesizer, { split: 'tune', seed: 1, index: 0, seconds: 60 });
    return measureStage(toPcm(talk.samples), options);
  } finally {
    await synthesizer.close();
  }
}

async function wordsOf({ split, seed, wordSeconds: seconds }: CutsOptions): Promise<WordErrors> {
  say(`words: a stream of ${seconds} s, three times over`);
  const synthesizer = await openSynthesizer();
  try {
    return await measureWords(synthesizer, { split, seed, seconds });
  } finally {
    await synthesizer.close();
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(options: CutsOptions): Promise<void> {
  if (options.wordsOnly) {
    const figures = wordFigures({ words: await wordsOf(options) });
    process.stdout.write(`${figureTable(figures)}\n\n${figuresLine(figures)}\n`);
    return;
  }
  const tasks = tasksOf(options);
  const outcomes = await onThreads(tasks, {
    threads: options.threads,
    onDone: (done) => {
      if (done % 8 === 0 || done === tasks.length) say(`${done} of ${tasks.length} talks and noises`);
    },
  });
  const cost = options.windows > 0 ? await costOf(options) : undefined;
  const words = options.wordSeconds > 0 ? await wordsOf(options) : undefined;
  const result = collect(outcomes, { cost, words });
  const figures = cutsFigures(result);
  process.stdout.write(`${await writeCutsReport(result, { figures, options })}\n\n${figuresLine(figures)}\n`);
}

/** The bench of cuts: `node test/dist/load/cuts/main.js [--quick] …`; its last line is JSON. */
const options = readCutsOptions(process.argv.slice(2));
const missing = await missingPrograms();
if (missing.length === 0) await run(options);
else
  say(
    `Skipped: the talks are spoken by flite and espeak-ng, and ${missing.join(' and ')} cannot be run here.`,
  );
