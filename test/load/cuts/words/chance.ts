import { seededRandom } from '../sound/signal.ts';

const DRAWS = 4000;
const SEED = 5;

/**
 * How far a sum may be from what it would be of very many of such parts: the standard deviation of the sums of parts that
 * are drawn again and again from those there are.
 */
export function spreadOfSum(parts: readonly number[]): number {
  const random = seededRandom(SEED);
  const sums = Array.from({ length: DRAWS }, () =>
    parts.reduce((sum) => sum + parts[Math.floor(random() * parts.length)]!, 0),
  );
  const mean = sums.reduce((total, sum) => total + sum, 0) / DRAWS;
  return Math.sqrt(sums.reduce((total, sum) => total + (sum - mean) ** 2, 0) / DRAWS);
}
