import { GAP_INPUTS, TEXTURE_INPUTS } from '@earshot/audio/training';
import type { NoiseKind } from '../../runs/conditions.ts';
import { type Heard, hear, makeNoise } from '../../runs/hearing.ts';
import { overTelephone, TELEPHONE_RATE } from '../../sound/room.ts';
import { amplitude, SAMPLE_RATE, seededRandom, toPcm } from '../../sound/signal.ts';
import type { Synthesizer } from '../../speech/synthesizer.ts';
import { makeTalk, type Talk, type TalkPlan } from '../../speech/talk.ts';
import { ExampleList, type Examples } from '../network/examples.ts';
import { drawPiece } from '../pieces/piece.ts';
import { placeShare, TRAINING_CONDITIONS } from './conditions.ts';
import { takePlaces, truthOf } from './gap-places.ts';
import { scatterWords, takeTextures } from './textures.ts';

/** What one thread makes examples of at a time. */
export type TrainingTask =
  | { readonly kind: 'talk'; readonly plan: TalkPlan; readonly density: number }
  | {
      readonly kind: 'noise';
      /** Music is a piece that only training hears. */
      readonly noise: Exclude<NoiseKind, 'babble'>;
      readonly seconds: number;
      readonly seed: number;
    };

/** Examples under the name of what they are of; places only of talks. */
export interface TrainingOutcome {
  readonly places: Examples | undefined;
  readonly textures: readonly { readonly of: string; readonly examples: Examples }[];
}

/**
 * Textures: all of noise alone, fewer of talks, of which there are many more. A lonely word that is missed would never be
 * recognised, so it counts most.
 */
const TALK_HOP = 100;
const NOISE_HOP = 50;
const LONELY_HOP = 200;
const TALK_WEIGHT = 2;
const LONELY_WEIGHT = 12;
const NOISE_WEIGHTS = { white: 3, pink: 3, brown: 3, hum: 3, music: 3, keys: 20, gusts: 20 } as const;
/** Levels of noise alone, dB below full scale. */
const NOISE_LEVELS = [-26, -46] as const;
const LONELY_SNRS = { steady: [20, 10, 5], changing: [20, 15, 10] };
const LONELY_SECONDS = 40;

export async function runTrainingTask(
  synthesizer: Synthesizer,
  task: TrainingTask,
): Promise<TrainingOutcome> {
  return task.kind === 'talk' ? hearTalk(synthesizer, task) : hearNoise(synthesizer, task);
}

async function hearTalk(
  synthesizer: Synthesizer,
  { plan, density }: Extract<TrainingTask, { kind: 'talk' }>,
): Promise<TrainingOutcome> {
  const talk = await makeTalk(synthesizer, plan);
  const truth = truthOf(talk);
  const seed = plan.seed + plan.index;
  const random = seededRandom(seed, 5);
  const noises = new Map<NoiseKind, Float32Array>();
  const places = new ExampleList(GAP_INPUTS);
  const textures = new Map<string, ExampleList>();
  for (const condition of TRAINING_CONDITIONS) {
    const kind = condition.noise;
    if (kind !== null && !noises.has(kind)) {
      noises.set(kind, await noiseOf(synthesizer, kind, { count: talk.samples.length, seed }));
    }
    const noise = kind === null ? null : noises.get(kind)!;
    const heard = hear(talk, condition, { noise, seed });
    const share = density * placeShare(condition);
    if (share > 0) takePlaces(places, heard, { truth, share, random });
    const list = textures.get(condition.group) ?? new ExampleList(TEXTURE_INPUTS);
    textures.set(condition.group, list);
    takeTextures(list, heard, { everyFrames: TALK_HOP, isSpeech: true, weight: TALK_WEIGHT });
  }
  return { places: places.toExamples(), textures: named(textures, 'speech, ') };
}

function noiseOf(
  synthesizer: Synthesizer,
  kind: NoiseKind,
  plan: { readonly count: number; readonly seed: number },
): Promise<Float32Array> {
  if (kind !== 'music') return makeNoise(synthesizer, kind, plan);
  return Promise.resolve(drawPiece(plan.count, seededRandom(plan.seed, 11)));
}

const named = (lists: ReadonlyMap<string, ExampleList>, before: string): TrainingOutcome['textures'] =>
  [...lists].map(([of, list]) => ({ of: before + of, examples: list.toExamples() }));

async function hearNoise(
  synthesizer: Synthesizer,
  { noise, seconds, seed }: Extract<TrainingTask, { kind: 'noise' }>,
): Promise<TrainingOutcome> {
  const random = seededRandom(seed, 6);
  const samples = await noiseOf(synthesizer, noise, { count: seconds * SAMPLE_RATE, seed });
  const talk: Talk = await makeTalk(synthesizer, {
    split: 'train',
    seed,
    index: seed % 16,
    seconds: LONELY_SECONDS,
  });
  const isSteady = noise === 'white' || noise === 'pink' || noise === 'brown' || noise === 'hum';
  const snrsDb = isSteady ? LONELY_SNRS.steady : LONELY_SNRS.changing;
  const lonely = scatterWords(talk, samples, { snrsDb, random });
  const alone = new ExampleList(TEXTURE_INPUTS);
  const words = new ExampleList(TEXTURE_INPUTS);
  const level = NOISE_LEVELS[Math.floor(random() * NOISE_LEVELS.length)]!;
  for (const isTelephone of random() < 0.3 ? [false, true] : [false]) {
    const heardAt = (track: Float32Array, dbov: number): Heard => at(track, { dbov, isTelephone });
    takeTextures(alone, heardAt(samples, level), {
      everyFrames: NOISE_HOP,
      isSpeech: false,
      weight: NOISE_WEIGHTS[noise],
    });
    takeTextures(words, heardAt(lonely, level), {
      everyFrames: LONELY_HOP,
      isSpeech: true,
      weight: LONELY_WEIGHT,
    });
  }
  return {
    places: undefined,
    textures: [
      { of: noise, examples: alone.toExamples() },
      { of: `a word in ${noise}`, examples: words.toExamples() },
    ],
  };
}

function at(
  track: Float32Array,
  { dbov, isTelephone }: { readonly dbov: number; readonly isTelephone: boolean },
): Heard {
  const samples = track.map((value) => value * amplitude(dbov));
  return isTelephone
    ? { sampleRate: TELEPHONE_RATE, samples: overTelephone(samples) }
    : { sampleRate: SAMPLE_RATE, samples: toPcm(samples) };
}
