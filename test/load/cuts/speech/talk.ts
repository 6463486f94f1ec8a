import { amplitude, rmsOf, SAMPLE_RATE, type Span, seededRandom } from '../sound/signal.ts';
import type { Synthesizer } from './synthesizer.ts';
import { SENTENCES } from './texts.ts';
import { type Split, VOICES, type Voice } from './voices.ts';

/** A whole sentence and where it is said. */
export interface Line extends Span {
  readonly text: string;
}

/** Speech of which each sample is known to be word or pause; pauses are digital silence. */
export interface Talk {
  readonly samples: Float32Array;
  readonly words: readonly Span[];
  readonly pauses: readonly Span[];
  readonly lines: readonly Line[];
  /** Root mean square of the words. */
  readonly level: number;
}

/** Which talk to make; the same answers give the same samples. */
export interface TalkPlan {
  readonly split: Split;
  readonly seed: number;
  readonly index: number;
  readonly seconds: number;
  /** Who says it; by default whose turn it is at that index. */
  readonly voice?: Voice;
}

type Range = readonly [number, number];

/** Pauses in milliseconds within sentences and between them, of one talker after the other. */
const MANNERS: readonly { readonly within: Range; readonly between: Range }[] = [
  { within: [80, 350], between: [300, 900] },
  { within: [80, 180], between: [150, 400] },
  { within: [200, 500], between: [500, 900] },
  { within: [80, 190], between: [80, 190] },
];
const SPLIT_SEEDS = { tune: 1, test: 2, train: 3 } as const;
const LEVEL_DBOV = -26;
const LEVEL_SPREAD_DB = 3;
/** A word is made of stretches of this many samples that are less than 37 dB weaker than the loudest. */
const STRETCH_SAMPLES = 80;
const SILENT_RATIO = 2e-4;
/** So many weaker stretches in a row, 80 ms, are a pause though no one asked for it: a closure between two words. */
const PAUSE_STRETCHES = 16;

/** Lets one voice say sentences in any order until the time is up. */
export async function makeTalk(synthesizer: Synthesizer, plan: TalkPlan): Promise<Talk> {
  const random = seededRandom(plan.seed, plan.index, SPLIT_SEEDS[plan.split]);
  const voices = VOICES[plan.split];
  const voice = plan.voice ?? voices[plan.index % voices.length]!;
  const manner = MANNERS[(plan.index + Math.floor(plan.index / voices.length)) % MANNERS.length]!;
  const samples = new Float32Array(plan.seconds * SAMPLE_RATE);
  const words: Span[] = [];
  const lines: Line[] = [];
  let position = Math.round(0.3 * SAMPLE_RATE);
  for (;;) {
    const sentence = SENTENCES[plan.split][Math.floor(random() * SENTENCES[plan.split].length)]!;
    const start = position;
    let end = position;
    for (const [place, part] of sentence.entries()) {
      const { samples: said, words: spans } = spokenPart(await synthesizer.speak(voice, part));
      if (position + said.length > samples.length) return finished({ samples, words, lines });
      const gain = amplitude(LEVEL_DBOV + LEVEL_SPREAD_DB * (2 * random() - 1)) / rmsOf(said, spans);
      samples.set(
        said.map((value) => value * gain),
        position,
      );
      for (const span of spans) words.push({ start: position + span.start, end: position + span.end });
      end = position + said.length;
      const [least, most] = place + 1 < sentence.length ? manner.within : manner.between;
      position += said.length + Math.round(((least + random() * (most - least)) / 1000) * SAMPLE_RATE);
    }
    lines.push({ text: sentence.join(' '), start, end });
  }
}

/** Ends behind the last whole sentence, so that nothing is said that is not in the lines. */
function finished({ samples, words: said, lines }: Pick<Talk, 'samples' | 'words' | 'lines'>): Talk {
  const end = lines.at(-1)?.end ?? 0;
  const words = said.filter((word) => word.end <= end);
  const pauses = words.slice(1).map(({ start }, index) => ({ start: words[index]!.end, end: start }));
  return { samples: samples.subarray(0, end), words, pauses, lines, level: rmsOf(samples, words) };
}

/** What was spoken without the silence, and the faint hiss of some voices, around it; and where in it the words are. */
export function spokenPart(spoken: Int16Array): { readonly samples: Float32Array; readonly words: Span[] } {
  const count = Math.floor(spoken.length / STRETCH_SAMPLES);
  const energies = new Float64Array(count);
  for (let index = 0; index < count * STRETCH_SAMPLES; index += 1) {
    energies[Math.floor(index / STRETCH_SAMPLES)]! += spoken[index]! ** 2;
  }
  const least = SILENT_RATIO * energies.reduce((most, energy) => Math.max(most, energy), 0);
  const words: { start: number; end: number }[] = [];
  let offset = 0;
  for (const [stretch, energy] of energies.entries()) {
    if (energy <= least) continue;
    if (words.length === 0) offset = stretch * STRETCH_SAMPLES;
    const start = stretch * STRETCH_SAMPLES - offset;
    const last = words.at(-1);
    const isSame = last !== undefined && start - last.end < PAUSE_STRETCHES * STRETCH_SAMPLES;
    if (isSame) last.end = start + STRETCH_SAMPLES;
    else words.push({ start, end: start + STRETCH_SAMPLES });
  }
  const samples = Float32Array.from(spoken.subarray(offset, offset + (words.at(-1)?.end ?? 0)));
  return { samples, words };
}
