import type { Figure } from '../../calls/report/figures.ts';
import { quantile } from '../../calls/report/statistics.ts';
import { STEADY_NOISES } from '../runs/conditions.ts';
import type { Tally } from '../runs/tally.ts';
import type { KeptWords } from '../words/kept-words.ts';
import { type CutsResult, ofGroup, pooled, tenOrBetter } from './results.ts';

interface Ask {
  readonly unit: string;
  readonly goal: number | null;
}

const figure = (name: string, value: number, { unit, goal }: Ask): Figure => ({
  name,
  value: Math.round(value * 100) / 100,
  goal,
  unit,
  better: 'lower',
});

/** A part of a whole in percent; 0 of nothing. */
export const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

const insideWord = ({ insideWord: inside, cuts }: Tally): number => percent(inside, cuts);

/** Groups of conditions and the most cuts inside a word that are asked for, percent. */
const INSIDE_GOALS: readonly (readonly [string, string, number | null])[] = [
  ['inside_word_clean', 'clean', 0.3],
  ['inside_word_20_db', '20 dB', 0.3],
  ['inside_word_10_db', '10 dB', 0.5],
  ['inside_word_5_db', '5 dB', 1],
  ['inside_word_0_db', '0 dB', 3],
  ['inside_word_babble_20_db', 'babble 20 dB', null],
  ['inside_word_babble_10_db', 'babble 10 dB', 1],
  ['inside_word_changing_noise_10_db', 'changing 10 dB', null],
  ['inside_word_room', 'room', null],
  ['inside_word_level_steps', 'steps', null],
];

/** All figures of a run. */
export function cutsFigures(result: CutsResult): Figure[] {
  return [
    ...insideFigures(result),
    ...segmentFigures(result),
    ...markFigures(result),
    ...(result.words === undefined ? [] : wordFigures(result.words.kept)),
    ...costFigures(result),
  ];
}

function insideFigures(result: CutsResult): Figure[] {
  const telephone = pooled(result, (_, name) => name === 'telephone, pink 10 dB');
  return [
    ...INSIDE_GOALS.map(([name, group, goal]) =>
      figure(name, insideWord(ofGroup(result, group)), { unit: '%', goal }),
    ),
    figure('inside_word_telephone_10_db', insideWord(telephone), { unit: '%', goal: 2 }),
  ];
}

function segmentFigures(result: CutsResult): Figure[] {
  const good = tenOrBetter(result);
  const steady = pooled(result, (group) => /^(clean|\d+ dB)$/.test(group));
  const all = pooled(result, () => true);
  return [
    figure('segment_seconds_p50', quantile(steady.lengths, 0.5), { unit: 's', goal: 12 }),
    figure('segment_seconds_p95', quantile(steady.lengths, 0.95), { unit: 's', goal: 18.5 }),
    figure('missed_pauses', percent(good.missedPauses, good.longPauses), { unit: '%', goal: 0.5 }),
    figure('forced_inside_word', percent(good.forcedInsideWord, good.forced), { unit: '%', goal: 2 }),
    figure('segments_out_of_bounds', all.outOfBounds, { unit: 'segments', goal: 0 }),
  ];
}

function markFigures(result: CutsResult): Figure[] {
  const good = tenOrBetter(result);
  const five = ofGroup(result, '5 dB');
  const steady = STEADY_NOISES.flatMap((noise) => result.noises.get(noise) ?? []);
  const sum = (of: 'segments' | 'marked'): number => steady.reduce((total, tally) => total + tally[of], 0);
  const music = result.noises.get('music');
  return [
    figure('speech_unmarked_10_db_or_better', percent(good.spokenUnmarked, good.spoken), {
      unit: '%',
      goal: 0,
    }),
    figure('speech_unmarked_5_db', percent(five.spokenUnmarked, five.spoken), { unit: '%', goal: 0.3 }),
    figure('steady_noise_marked_speech', percent(sum('marked'), sum('segments')), { unit: '%', goal: 0.5 }),
    figure('music_marked_speech', percent(music?.marked ?? 0, music?.segments ?? 0), { unit: '%', goal: 2 }),
  ];
}

/** What cutting costs in words, and how far chance moves it. */
export function wordFigures({ clear, hard }: Pick<KeptWords, 'clear' | 'hard'>): Figure[] {
  const ofHard =
    hard === undefined
      ? []
      : [
          figure('word_errors_added_hard_voices', hard.stream - hard.alone, { unit: 'points', goal: null }),
          figure('word_errors_alone_hard_voices', hard.alone, { unit: '%', goal: null }),
        ];
  return [
    figure('word_errors_added', clear.stream - clear.alone, { unit: 'points', goal: 0.3 }),
    figure('word_errors_added_by_chance', clear.spread, { unit: 'points', goal: null }),
    figure('word_errors_alone', clear.alone, { unit: '%', goal: null }),
    ...ofHard,
  ];
}

function costFigures({ cost }: CutsResult): Figure[] {
  if (cost === undefined) return [];
  return [
    figure('stage_cpu', cost.segmenterUs, { unit: 'us', goal: 100 }),
    figure('stage_to_detector', cost.segmenterRatio, { unit: 'x', goal: 2.2 }),
    figure('cutter_cpu', cost.cutterUs, { unit: 'us', goal: null }),
    figure('cutter_to_detector', cost.cutterRatio, { unit: 'x', goal: null }),
    figure('detector_cpu', cost.detectorUs, { unit: 'us', goal: null }),
  ];
}
