import { RIVAL_CONDITIONS, tallyRivals } from '../rivals/rivals.ts';
import { amplitude, SAMPLE_RATE, toPcm } from '../sound/signal.ts';
import type { Synthesizer } from '../speech/synthesizer.ts';
import { makeTalk, type TalkPlan } from '../speech/talk.ts';
import { CONDITIONS, type NoiseKind } from './conditions.ts';
import { tallyNoise, tallyTalk, trueScores } from './cutting.ts';
import { type Heard, hear, makeNoise } from './hearing.ts';
import type { Tally } from './tally.ts';

/** What one thread does at a time. */
export type Task =
  | { readonly kind: 'talk'; readonly plan: TalkPlan }
  | {
      readonly kind: 'noise';
      readonly noise: NoiseKind;
      readonly dbov: number;
      readonly seconds: number;
      readonly seed: number;
    };

export type Outcome =
  /** By the name of the condition. */
  | { readonly kind: 'talk'; readonly tallies: Readonly<Record<string, Tally>> }
  | { readonly kind: 'noise'; readonly noise: NoiseKind; readonly segments: number; readonly marked: number };

/** What stands beside the conditions for comparison, on the clean talk. */
export const TRUTH = 'true pauses';

export async function runTask(synthesizer: Synthesizer, task: Task): Promise<Outcome> {
  if (task.kind === 'talk') return { kind: 'talk', tallies: await runTalk(synthesizer, task.plan) };
  const { noise, seconds, seed } = task;
  const samples = await makeNoise(synthesizer, noise, { count: seconds * SAMPLE_RATE, seed });
  const pcm = toPcm(samples.map((value) => value * amplitude(task.dbov)));
  return { kind: 'noise', noise, ...tallyNoise({ sampleRate: SAMPLE_RATE, samples: pcm }) };
}

async function runTalk(synthesizer: Synthesizer, plan: TalkPlan): Promise<Record<string, Tally>> {
  const talk = await makeTalk(synthesizer, plan);
  const seed = 1000 * plan.seed + plan.index;
  const noises = new Map<NoiseKind, Float32Array>();
  const tallies: Record<string, Tally> = {};
  const heardByRivals = new Map<string, Heard>();
  for (const condition of CONDITIONS) {
    const kind = condition.noise;
    if (kind !== null && !noises.has(kind)) {
      noises.set(kind, await makeNoise(synthesizer, kind, { count: talk.samples.length, seed }));
    }
    const noise = kind === null ? null : noises.get(kind)!;
    const heard = hear(talk, condition, { noise, seed });
    tallies[condition.name] = tallyTalk(talk, heard);
    if (RIVAL_CONDITIONS.includes(condition.name)) heardByRivals.set(condition.name, heard);
  }
  const clean = hear(talk, CONDITIONS[0]!, { noise: null, seed });
  tallies[TRUTH] = tallyTalk(talk, clean, trueScores(talk));
  return { ...tallies, ...(await tallyRivals(talk, heardByRivals)) };
}
