import { figuresLine } from '../calls/report/figures.ts';
import { type CutsOptions, readCutsOptions } from './options.ts';
import { cutsFigures, wordFigures } from './report/figures.ts';
import { figureTable, renewWords, writeCutsReport } from './report/report.ts';
import { collect, type KnownWords } from './report/results.ts';
import { CHANGING_NOISES, STEADY_NOISES } from './runs/conditions.ts';
import { measureStage, type StageCost } from './runs/stage-cost.ts';
import type { Outcome, Task } from './runs/task.ts';
import { onThreads } from './runs/threads.ts';
import { toPcm } from './sound/signal.ts';
import { missingPrograms, openSynthesizer, type Synthesizer } from './speech/synthesizer.ts';
import { makeTalk } from './speech/talk.ts';
import { type KeptWords, keepWords, readKeptWords } from './words/kept-words.ts';
import { TALKERS } from './words/talkers.ts';
import { measureWords, segmentStarts, type WordErrors, type WordPlan } from './words/word-errors.ts';

/** Levels of noise alone: as loud as the words, and 20 dB below. */
const NOISE_LEVELS_DBOV = [-26, -46];

/** The longest tasks first, so that the threads end together. */
function tasksOf(options: CutsOptions): Task[] {
  const { split, seed, talkSeconds: seconds, noiseSeconds, noiseTracks, musicTracks } = options;
  const talks = Array.from({ length: options.talks }, (_, index): Task => {
    return { kind: 'talk', plan: { split, seed, index, seconds } };
  });
  const noises = [...STEADY_NOISES, ...CHANGING_NOISES].flatMap((noise) =>
    NOISE_LEVELS_DBOV.flatMap((dbov) =>
      Array.from({ length: noise === 'music' ? musicTracks : noiseTracks }, (_, track): Task => {
        return { kind: 'noise', noise, dbov, seconds: noiseSeconds, seed: 100_000 * seed + track };
      }),
    ),
  );
  return [...talks, ...noises];
}

async function costOf(options: CutsOptions): Promise<StageCost> {
  say(`cost: ${options.streams} streams`);
  const talk = await withSynthesizer((synthesizer) =>
    makeTalk(synthesizer, { split: 'tune', seed: 1, index: 0, seconds: 60 }),
  );
  return measureStage(toPcm(talk.samples), options);
}

async function withSynthesizer<T>(work: (synthesizer: Synthesizer) => Promise<T>): Promise<T> {
  const synthesizer = await openSynthesizer();
  try {
    return await work(synthesizer);
  } finally {
    await synthesizer.close();
  }
}

/** Asks the engine, and keeps what it says beside the report when it was asked for all of it. */
async function measureWordsAlone(options: CutsOptions): Promise<void> {
  const { seed, wordSeconds, command } = options;
  const since = Date.now();
  const heardOf = (talkers: keyof typeof TALKERS): Promise<WordErrors> => {
    say(`words: a stream of ${wordSeconds} s, ${talkers} voices`);
    return withSynthesizer((synthesizer) =>
      measureWords(synthesizer, wordPlan(talkers, options), (done, of) => {
        if (done % 20 === 0 || done === of) say(`${done} of ${of} pieces`);
      }),
    );
  };
  const keep = async (found: Pick<KeptWords, 'clear' | 'hard'>): Promise<KeptWords> => {
    const minutes = Math.ceil((Date.now() - since) / 60_000);
    const kept = { command, minutes, seed, wordSeconds, ...found };
    if (!options.quick) {
      await keepWords(kept);
      await renewWords(kept);
    }
    return kept;
  };
  let kept = await keep({ clear: await heardOf('clear') });
  if (!options.quick) kept = await keep({ clear: kept.clear, hard: await heardOf('hard') });
  const figures = wordFigures(kept);
  process.stdout.write(`${figureTable(figures)}\n\n${figuresLine(figures)}\n`);
}

function wordPlan(
  talkers: keyof typeof TALKERS,
  { seed, wordSeconds: seconds }: Pick<KeptWords, 'seed' | 'wordSeconds'>,
): WordPlan {
  return { split: 'test', seed, seconds, voices: TALKERS[talkers] };
}

/** What the engine said when it was last asked, and whether the stream is still cut in the same places. */
async function wordsSoFar(): Promise<KnownWords | undefined> {
  const kept = await readKeptWords();
  if (kept === undefined) return undefined;
  const starts = await withSynthesizer((synthesizer) => segmentStarts(synthesizer, wordPlan('clear', kept)));
  const moved = kept.clear.starts.filter((start) => !starts.includes(start)).length;
  return { kept, moved };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(options: CutsOptions): Promise<void> {
  if (options.wordsOnly) {
    await measureWordsAlone(options);
    return;
  }
  const tasks = tasksOf(options);
  const outcomes = await onThreads<Outcome>(tasks, {
    worker: new URL('worker.js', import.meta.url),
    threads: options.threads,
    onDone: (done) => {
      if (done % 8 === 0 || done === tasks.length) say(`${done} of ${tasks.length} talks and noises`);
    },
  });
  const cost = options.windows > 0 ? await costOf(options) : undefined;
  const words = options.quick ? undefined : await wordsSoFar();
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
