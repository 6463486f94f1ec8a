import { amplitude, rmsOf, SAMPLE_RATE, type Span, seededRandom } from '../sound/signal.ts';
import type { Synthesizer } from './synthesizer.ts';
import { SENTENCES } from './texts.ts';
import { type Split, VOICES } from './voices.ts';

/** Speech of which each sample is known to be word or pause; pauses are digital silence. */
export interface Talk {
  readonly samples: Float32Array;
  readonly words: readonly Span[];
  readonly pauses: readonly Span[];
  /** Root mean square of the words. */
  readonly level: number;
}

/** Which talk to make; the same answers give the same samples. */
export interface TalkPlan {
  readonly split: Split;
  readonly seed: number;
  readonly index: number;
  readonly seconds: number;
}

type Range = readonly [number, number];

/** Pauses in milliseconds within sentences and between them, of one talker after the other. */
const MANNERS: readonly { readonly within: Range; readonly between: Range }[] = [
  { within: [80, 350], between: [300, 900] },
  { within: [80, 180], between: [150, 400] },
  { within: [200, 500], between: [500, 900] },
  { within: [80, 190], between: [80, 190] },
];
const LEVEL_DBOV = -26;
const LEVEL_SPREAD_DB = 3;
/** A word begins and ends where this many samples are less than 37 dB weaker than the loudest. */
const EDGE_SAMPLES = 80;
const EDGE_RATIO = 2e-4;

/** Lets one voice say sentences in any order until the time is up. */
export async function makeTalk(synthesizer: Synthesizer, plan: TalkPlan): Promise<Talk> {
  const random = seededRandom(plan.seed, plan.index, plan.split === 'tune' ? 1 : 2);
  const voices = VOICES[plan.split];
  const voice = voices[plan.index % voices.length]!;
  const manner = MANNERS[(plan.index + Math.floor(plan.index / voices.length)) % MANNERS.length]!;
  const samples = new Float32Array(plan.seconds * SAMPLE_RATE);
  const words: Span[] = [];
  let position = Math.round(0.3 * SAMPLE_RATE);
  for (;;) {
    const sentence = SENTENCES[plan.split][Math.floor(random() * SENTENCES[plan.split].length)]!;
    for (const [place, part] of sentence.entries()) {
      const word = trimmed(await synthesizer.speak(voice, part));
      if (position + word.length > samples.length) return finished(samples, words);
      const gain = amplitude(LEVEL_DBOV + LEVEL_SPREAD_DB * (2 * random() - 1)) / rmsOf(word, wholeOf(word));
      samples.set(
        word.map((value) => value * gain),
        position,
      );
      words.push({ start: position, end: position + word.length });
      const [least, most] = place + 1 < sentence.length ? manner.within : manner.between;
      position += word.length + Math.round(((least + random() * (most - least)) / 1000) * SAMPLE_RATE);
    }
  }
}

const wholeOf = (samples: Float32Array): Span[] => [{ start: 0, end: samples.length }];

function finished(samples: Float32Array, words: readonly Span[]): Talk {
  const pauses = words.slice(1).map(({ start }, index) => ({ start: words[index]!.end, end: start }));
  const end = words.at(-1)?.end ?? 0;
  return { samples: samples.subarray(0, end), words, pauses, level: rmsOf(samples, words) };
}

/** What was spoken without the silence, and the faint hiss of some voices, around it. */
export function trimmed(spoken: Int16Array): Float32Array {
  const count = Math.floor(spoken.length / EDGE_SAMPLES);
  const energies = new Float64Array(count);
  for (let index = 0; index < count * EDGE_SAMPLES; index += 1) {
    energies[Math.floor(index / EDGE_SAMPLES)]! += spoken[index]! ** 2;
  }
  const least = EDGE_RATIO * energies.reduce((most, energy) => Math.max(most, energy), 0);
  const first = energies.findIndex((energy) => energy > least);
  const last = energies.findLastIndex((energy) => energy > least);
  return Float32Array.from(spoken.subarray(first * EDGE_SAMPLES, (last + 1) * EDGE_SAMPLES));
}
