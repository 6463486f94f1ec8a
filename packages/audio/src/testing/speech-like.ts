import { seededRandom } from './random.ts';

/** A span of samples [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Made-up speech and where its phrases lie; all between them is digital silence. */
export interface SpeechLike {
  readonly samples: Float64Array;
  readonly phrases: readonly Span[];
}

/** How to talk: lengths of phrases and of the pauses between them, seconds. */
export interface Manner {
  readonly sampleRate: number;
  readonly seconds: number;
  readonly phrase?: readonly [number, number];
  readonly pause?: readonly [number, number];
}

/** Frequencies of the first three resonances of some vowels, Hz. */
const VOWELS = [
  [730, 1090, 2440],
  [270, 2290, 3010],
  [300, 870, 2240],
  [530, 1840, 2480],
  [570, 840, 2410],
] as const;
const PEAK = 6000;

/** Syllables of resonated glottal pulses and hisses, in phrases with pauses at known places. */
export function speechLike(manner: Manner, seed: number): SpeechLike {
  const random = seededRandom(seed);
  const within = ([low, high]: readonly [number, number]): number =>
    Math.round((low + random() * (high - low)) * manner.sampleRate);
  const samples = new Float64Array(Math.round(manner.seconds * manner.sampleRate));
  const phrases: Span[] = [];
  let position = within([0.1, 0.4]);
  while (position < samples.length) {
    const end = Math.min(samples.length, position + within(manner.phrase ?? [0.8, 2.5]));
    speak(samples, { start: position, end }, { random, sampleRate: manner.sampleRate });
    phrases.push({ start: position, end });
    position = end + within(manner.pause ?? [0.3, 0.8]);
  }
  return { samples, phrases };
}

interface Voice {
  readonly random: () => number;
  readonly sampleRate: number;
}

function speak(samples: Float64Array, phrase: Span, voice: Voice): void {
  let start = phrase.start;
  while (start < phrase.end) {
    const length = Math.round((0.12 + 0.15 * voice.random()) * voice.sampleRate);
    const end = phrase.end - start < length * 1.5 ? phrase.end : start + length;
    const hiss = start + Math.round((end - start) * 0.3 * voice.random());
    addHiss(samples, { start, end: hiss }, voice);
    addVowel(samples, { start: hiss, end }, voice);
    start = end;
  }
}

function addHiss(samples: Float64Array, span: Span, voice: Voice): void {
  let last = 0;
  for (let index = span.start; index < span.end; index += 1) {
    const value = voice.random() - 0.5;
    samples[index] = 0.35 * PEAK * (value - last);
    last = value;
  }
}

function addVowel(samples: Float64Array, span: Span, voice: Voice): void {
  const vowel = VOWELS[Math.floor(voice.random() * VOWELS.length)] ?? VOWELS[0];
  const period = Math.round(voice.sampleRate / (100 + 100 * voice.random()));
  for (let index = span.start; index < span.end; index += period) samples[index] = PEAK;
  const sound = samples.subarray(span.start, span.end);
  const sum = new Float64Array(sound.length);
  for (const hertz of vowel) addResonance(sum, sound, resonance(hertz, voice.sampleRate));
  const edge = 0.015 * voice.sampleRate;
  for (const [index, value] of sum.entries()) {
    sound[index] = value * (index < edge || index > sum.length - edge ? 0.5 : 1);
  }
}

interface Resonance {
  readonly gain: number;
  readonly turn: number;
  readonly damping: number;
}

/** A two-pole resonator of 100 Hz bandwidth that answers a pulse with about its height, at any rate. */
function resonance(hertz: number, sampleRate: number): Resonance {
  const radius = Math.exp((-Math.PI * 100) / sampleRate);
  const angle = (2 * Math.PI * hertz) / sampleRate;
  return { gain: Math.sin(angle), turn: 2 * radius * Math.cos(angle), damping: radius * radius };
}

function addResonance(sum: Float64Array, input: Float64Array, filter: Resonance): void {
  let last = 0;
  let beforeLast = 0;
  for (const [index, value] of input.entries()) {
    const output = filter.gain * value + filter.turn * last - filter.damping * beforeLast;
    beforeLast = last;
    last = output;
    sum[index] = (sum[index] ?? 0) + output;
  }
}
