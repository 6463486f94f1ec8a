import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workspaceRoot } from '../../../faults/processes/workspace.ts';
import { machineLines } from '../../../faults/runner/report.ts';
import type { Figure } from '../../calls/report/figures.ts';
import { quantile } from '../../calls/report/statistics.ts';
import type { CutsOptions } from '../options.ts';
import { RIVAL_CONDITIONS, RIVALS, rivalName } from '../rivals/rivals.ts';
import type { Tally } from '../runs/tally.ts';
import type { KeptWords } from '../words/kept-words.ts';
import { percent, wordFigures } from './figures.ts';
import type { CutsResult } from './results.ts';
import { wordsText } from './words-text.ts';

const FILE = join(workspaceRoot, 'infra', 'benchmarks', 'cuts.md');

const HOW = `Parts of sentences are spoken one by one by flite and espeak-ng, their edges trimmed where they are 37 dB weaker than
their loudest 5 ms, and joined with pauses of 80 to 900 ms, so that each sample is known to be word or pause. A part
counts as one word, though a cut between two of its words would harm nothing, unless it is as weak as that for 80 ms. A
cut is inside a word when it lies more than 20 ms from either end of it. A talk has one voice and one of four manners,
from slow to one that never pauses for 200 ms. Noise is made here too; its level counts against the words alone, before a
telephone narrows both.

"10 dB" and its like add up white, pink and brown noise, hum, and the telephone in pink noise; "10 dB or better" adds
the clean talk and the clean telephone. A pause of 500 ms or more is missed when a cutter that may cut every 0.4 s does
not cut in it. "True pauses" is the same cutter told the truth; "every 15 s" cuts whatever is said. Noise alone is heard as
loud as the words and 20 dB below; each piece of music differs, and its recipe is not that of the music which the networks
were trained with.

The chunk stage is timed at 1,000 streams that advance together by 100 ms: the detector alone, reading in place
(\`detector_cpu\`); with the cutter (\`cutter_cpu\`), which is all that a live stream has, since its audio lies in the
journal; and with the audio kept until it is cut (\`stage_cpu\`). Each has streams of its own; CPU time, medians of turns.

What people use instead cuts by the same rules: in the first pause of 200 ms after 10 s, at the latest after 25 s, where
ffmpeg's \`silencedetect=noise=-35dB:d=0.2\`, WebRTC's detector (mode 2, as compiled in \`@echogarden/fvad-wasm\`) or Silero v6
(the network of the worker's speech check, asked about every frame; left out where it is not installed) sees one.

None of this is real speech: both synthesizers are clearer, and pause more sharply, than people on a telephone.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function conditionTable({ conditions }: CutsResult): string {
  const rows = [...conditions].map(([name, tally]) => [
    name,
    String(tally.cuts),
    percent(tally.insideWord, tally.cuts).toFixed(1),
    `${tally.forced} (${tally.forcedInsideWord})`,
    `${quantile(tally.lengths, 0.5).toFixed(1)} / ${quantile(tally.lengths, 0.95).toFixed(1)}`,
    percent(tally.missedPauses, tally.longPauses).toFixed(1),
    percent(tally.spokenUnmarked, tally.spoken).toFixed(1),
    String(tally.outOfBounds),
  ]);
  const head = [
    'condition',
    'cuts',
    'inside a word, %',
    'forced (inside)',
    'length p50 / p95, s',
    'long pauses missed, %',
    'speech unmarked, %',
    'out of bounds',
  ];
  return table(head, rows);
}

/** Cuts inside a word in percent and the median length of segments, beside those of what is used instead. */
function rivalTable({ conditions, rivals }: CutsResult): string {
  const cell = (tally: Tally | undefined): string =>
    tally === undefined || tally.cuts === 0
      ? '-'
      : `${percent(tally.insideWord, tally.cuts).toFixed(1)} (${quantile(tally.lengths, 0.5).toFixed(1)} s)`;
  const own = ['**earshot**', ...RIVAL_CONDITIONS.map((name) => cell(conditions.get(name)))];
  const rows = RIVALS.map((rival) => [
    rival,
    ...RIVAL_CONDITIONS.map((name) => cell(rivals.get(rivalName(rival, name)))),
  ]);
  return table(['cut by', ...RIVAL_CONDITIONS], [own, ...rows]);
}

function noiseTable({ noises }: CutsResult): string {
  return table(
    ['noise alone', 'segments', 'marked as speech, %'],
    [...noises].map(([noise, { segments, marked }]) => [
      noise,
      String(segments),
      percent(marked, segments).toFixed(1),
    ]),
  );
}

/** Figures and whether they are as good as asked for. */
export function figureTable(figures: readonly Figure[]): string {
  return table(
    ['figure', 'measured', 'goal', ''],
    figures.map(({ name, value, goal, unit }) => [
      name,
      `${value} ${unit}`,
      goal === null ? '-' : `${goal} ${unit}`,
      goal === null ? '' : value <= goal ? 'met' : 'MISSED',
    ]),
  );
}

/**
 * Puts what was just found of words into the last report, whose other figures are those of its own run. Does nothing when
 * there is no such report.
 */
export async function renewWords(kept: KeptWords): Promise<void> {
  const report = await readFile(FILE, 'utf8').catch(() => '');
  const rows = figureTable(wordFigures(kept)).split('\n').slice(2).join('\n');
  const renewed = report
    .replace(/(?:^\| word_errors_.*\n)+/m, () => `${rows}\n`)
    .replace(/^Words: .*?(?=\n\nThe machine:)/ms, () => wordsText({ kept, moved: 0 }));
  if (renewed !== report) await writeFile(FILE, renewed);
}

/** Gives what a run found for the terminal, and writes it beside the benchmark when it was a full one. */
export async function writeCutsReport(
  result: CutsResult,
  { figures, options }: { readonly figures: readonly Figure[]; readonly options: CutsOptions },
): Promise<string> {
  const { talks, talkSeconds, split, seed } = options;
  const what = `${talks} talks of ${talkSeconds} s, voices and sentences of the "${split}" half, seed ${seed}.`;
  const body = [what, figureTable(figures), rivalTable(result), conditionTable(result), noiseTable(result)];
  if (!options.quick && split === 'test' && result.cost !== undefined) {
    const machine = ['The machine:', (await machineLines()).join('\n')];
    const words = result.words === undefined ? [] : [wordsText(result.words)];
    const text = ['# Cuts', `Written by \`${options.command}\`.`, HOW, ...body, ...words, ...machine].join(
      '\n\n',
    );
    await writeFile(FILE, `${text}\n`);
  }
  return body.join('\n\n');
}
