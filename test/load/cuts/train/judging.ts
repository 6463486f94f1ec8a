import type { Network } from '@earshot/audio/training';
import { quantile } from '../../calls/report/statistics.ts';
import type { Examples } from './network/examples.ts';
import { meanLoss, oddsOf } from './network/training.ts';

/** Log-odds at which the cutter takes a place at once, and after long waiting. */
const ASKED = [3.9, 2.6] as const;
/** Log-odds around the one above which the product takes something for speech. */
const LEAST = [0, -1, -2, -3, -4] as const;

const percent = (some: Float64Array, wanted: (odds: number) => boolean): string =>
  ((100 * some.filter(wanted).length) / Math.max(1, some.length)).toFixed(2);

/** What a network makes of places that it did not learn from, in lines. */
export function judgePlaces(network: Network, held: Examples): string[] {
  const odds = oddsOf(network, held);
  const inWords = odds.filter((_, row) => held.answers[row] === 0);
  const inPauses = odds.filter((_, row) => held.answers[row] === 1);
  return [
    `loss ${meanLoss(network, held).toFixed(4)} of ${held.answers.length} places`,
    ...ASKED.map(
      (least) =>
        `odds of ${least}: ${percent(inWords, (value) => value >= least)} % in words, ${percent(inPauses, (value) => value >= least)} % in pauses`,
    ),
  ];
}

/** How much of each kind of sound a network takes for speech, four seconds at a time; and the least odds of speech. */
export function judgeTextures(network: Network, held: ReadonlyMap<string, Examples>): string[] {
  const head = `taken for speech, %, when the odds are above ${LEAST.join(', ')}; odds of the lowest 0.1 %`;
  const rows = [...held].map(([of, examples]) => {
    const odds = oddsOf(network, examples);
    const parts = LEAST.map((least) => percent(odds, (value) => value > least));
    return `${of}: ${parts.join(', ')}; ${quantile([...odds], 0.001).toFixed(1)} (${odds.length})`;
  });
  return [head, ...rows];
}
