import { VOICES, type Voice } from '../speech/voices.ts';

const { test } = VOICES;

/**
 * Voices of the test half in the order of the manners of talking. The engine mishears about one word in ten of what `clear`
 * ones say; of what the `hard` ones say, half of which espeak-ng speaks, it guesses so much that chance alone moves the
 * number of errors by more than any cut.
 */
export const TALKERS: Readonly<Record<'clear' | 'hard', readonly Voice[]>> = {
  clear: test.filter(({ program }) => program === 'flite'),
  hard: test.slice(0, 4),
};
