import type { WordErrors } from '../words/word-errors.ts';
import type { KnownWords } from './results.ts';

const signed = (points: number): string => `${points < 0 ? '' : '+'}${points.toFixed(2)}`;

/** How well a stream was understood, and who talks in it. */
function heardText({ talkers, words, seconds, alone, stream, spread, starts }: WordErrors): string {
  return `${words} words in ${seconds} s by ${talkers.join(', ')}:
  ${alone.toFixed(1)} % wrong sentence by sentence, ${stream.toFixed(1)} % in ${starts.length} segments as they are cut, \
${signed(stream - alone)} +- ${(2 * spread).toFixed(2)} points`;
}

/** How the words came about, which the run that the report is of did not recognise itself. */
export function wordsText({ kept: { command, minutes, clear, hard }, moved }: KnownWords): string {
  const cuts =
    moved === 0
      ? 'The first stream is still cut in the same places.'
      : `Of the cuts of the first stream ${moved} are elsewhere by now.`;
  const badly = hard === undefined ? '' : `\n- understood badly, to compare: ${heardText(hard)}`;
  return `Words: \`${command}\` had PocketSphinx recognise clean streams, sentence by sentence, each
exactly from its first sound to its last, and in segments, in ${minutes} minutes beside other programs. The goal is for talkers
whom it understands: of the others it guesses so much that chance alone moves the figure by more. Behind +- stand two
standard deviations (\`word_errors_added_by_chance\` is one) of what was added when the segments are drawn again and again.
${cuts}

- understood well: ${heardText(clear)}${badly}`;
}
