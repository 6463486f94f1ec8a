import { babble } from '../sound/babble.ts';
import { gusts, keys, music } from '../sound/changing-noise.ts';
import { levelSteps, overTelephone, reverberant, TELEPHONE_RATE } from '../sound/room.ts';
import { SAMPLE_RATE, seededRandom, toPcm } from '../sound/signal.ts';
import { brown, hum, pink, white } from '../sound/steady-noise.ts';
import type { Synthesizer } from '../speech/synthesizer.ts';
import type { Talk } from '../speech/talk.ts';
import type { Condition, NoiseKind } from './conditions.ts';

/** Sound as a service receives it. */
export interface Heard {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

const MAKERS = { white, pink, brown, hum, music, keys, gusts } as const;

/** Noise of root mean square 1. */
export async function makeNoise(
  synthesizer: Synthesizer,
  kind: NoiseKind,
  plan: { readonly count: number; readonly seed: number },
): Promise<Float32Array> {
  const random = seededRandom(plan.seed, kind.length, kind.charCodeAt(0));
  return kind === 'babble' ? babble(synthesizer, plan.count, random) : MAKERS[kind](plan.count, random);
}

/** The talk under a condition; `noise` is what the condition asks for, as long as the talk. */
export function hear(
  talk: Talk,
  condition: Condition,
  { noise, seed }: { readonly noise: Float32Array | null; readonly seed: number },
): Heard {
  const samples = condition.reverb === true ? reverberant(talk.samples) : talk.samples.slice();
  const level = noise === null ? 0 : talk.level * 10 ** (-condition.snrDb / 20);
  if (condition.steps === undefined) addNoise(samples, noise, level);
  else {
    const steps = levelSteps(samples.length, seededRandom(seed, 7));
    const stepped = noise?.map((value, index) => value * steps[index]!) ?? null;
    addNoise(samples, condition.steps === 'all' ? noise : stepped, level);
    if (condition.steps === 'all') {
      for (let index = 0; index < samples.length; index += 1) samples[index]! *= steps[index]!;
    }
  }
  return condition.telephone === true
    ? { sampleRate: TELEPHONE_RATE, samples: overTelephone(samples) }
    : { sampleRate: SAMPLE_RATE, samples: toPcm(samples) };
}

function addNoise(samples: Float32Array, noise: Float32Array | null, level: number): void {
  if (noise === null) return;
  for (let index = 0; index < samples.length; index += 1) samples[index]! += level * noise[index]!;
}
