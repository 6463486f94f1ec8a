import { TEXTURE_FRAMES, TextureFigures } from '@earshot/audio/training';
import type { Heard } from '../../runs/hearing.ts';
import { rmsOf, SAMPLE_RATE } from '../../sound/signal.ts';
import type { Talk } from '../../speech/talk.ts';
import type { ExampleList } from '../network/examples.ts';
import { FRAMES_PER_SECOND, listen } from './listening.ts';

/** Which four seconds are taken: every so many frames, and whether they hold speech, and how much each counts. */
export interface TextureRule {
  readonly everyFrames: number;
  readonly isSpeech: boolean;
  readonly weight: number;
}

/** Takes the textures of a track. */
export function takeTextures(examples: ExampleList, heard: Heard, rule: TextureRule): void {
  const figures = new TextureFigures();
  listen(heard, (history) => {
    const start = history.count - TEXTURE_FRAMES;
    if (start < 0 || start % rule.everyFrames !== 0) return;
    figures.describe(history, start);
    examples.push(figures.figures, rule.isSpeech, rule.weight);
  });
}

const BETWEEN = TEXTURE_FRAMES * (SAMPLE_RATE / FRAMES_PER_SECOND);
const LEAST_WORD = 0.2 * SAMPLE_RATE;
const MOST_WORD = 1.5 * SAMPLE_RATE;

/**
 * One word of a talk in each stretch of four seconds of noise, somewhere in its middle half: the least that counts as
 * speech. `snrsDb` are levels of the words over the noise, of root mean square 1, that are drawn from.
 */
export function scatterWords(
  talk: Talk,
  noise: Float32Array,
  { snrsDb, random }: { readonly snrsDb: readonly number[]; readonly random: () => number },
): Float32Array {
  const words = talk.words.filter(({ start, end }) => end - start >= LEAST_WORD);
  const samples = noise.slice();
  for (let from = 0; from + BETWEEN <= samples.length && words.length > 0; from += BETWEEN) {
    const word = words[Math.floor(random() * words.length)]!;
    const length = Math.min(word.end - word.start, MOST_WORD);
    const snr = snrsDb[Math.floor(random() * snrsDb.length)]!;
    const gain = 10 ** (snr / 20) / rmsOf(talk.samples, [{ start: word.start, end: word.start + length }]);
    const place = from + Math.floor(BETWEEN * (0.05 + 0.5 * random()));
    for (let index = 0; index < length; index += 1) {
      samples[place + index]! += gain * talk.samples[word.start + index]!;
    }
  }
  return samples;
}
