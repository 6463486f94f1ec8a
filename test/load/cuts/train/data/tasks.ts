import { GAP_INPUTS, TEXTURE_INPUTS } from '@earshot/audio/training';
import { CHANGING_NOISES, STEADY_NOISES } from '../../runs/conditions.ts';
import { onThreads } from '../../runs/threads.ts';
import { type Examples, joined } from '../network/examples.ts';
import type { TrainingOptions } from '../options.ts';
import type { TrainingOutcome, TrainingTask } from './task.ts';

/** Seeds of training start here, far from all that the bench is run with. */
const FIRST_SEED = 1_000_000_000;
const SEEDS = 1_000_000;
/** One of so many tasks is not learned from: what it gives is judged with. */
const HELD_BACK = 8;

/** Examples of one network: to learn from, and to judge with, the latter under the name of what they are of. */
export interface Material {
  readonly learned: Examples;
  readonly held: ReadonlyMap<string, Examples>;
}

/** All tasks of a run; those of equal index have equal seeds, so each run of a seed has the same. */
function trainingTasks(options: TrainingOptions): TrainingTask[] {
  const base = FIRST_SEED + SEEDS * options.seed;
  const talks = Array.from({ length: options.talks }, (_, index): TrainingTask => {
    const plan = { split: 'train', seed: base, index, seconds: options.talkSeconds } as const;
    return { kind: 'talk', plan, density: options.density };
  });
  const kinds = [...STEADY_NOISES, ...CHANGING_NOISES];
  const noises = kinds.flatMap((noise, kind) =>
    Array.from({ length: noise === 'music' ? options.pieces : options.tracks }, (_, track): TrainingTask => {
      const seed = base + 10_000 * (kind + 1) + track;
      return { kind: 'noise', noise, seconds: options.noiseSeconds, seed };
    }),
  );
  return [...talks, ...noises];
}

/** Has threads make all examples. */
export async function makeMaterial(
  options: TrainingOptions,
  onDone: (done: number, of: number) => void,
): Promise<{ readonly places: Material; readonly textures: Material }> {
  const tasks = trainingTasks(options);
  const outcomes = await onThreads<TrainingOutcome>(tasks, {
    worker: new URL('../worker.js', import.meta.url),
    threads: options.threads,
    onDone: (done) => onDone(done, tasks.length),
  });
  const isHeld = (_: unknown, index: number): boolean => index % HELD_BACK === HELD_BACK - 1;
  const held = outcomes.filter(isHeld);
  const learned = outcomes.filter((outcome, index) => !isHeld(outcome, index));
  const placesOf = (some: readonly TrainingOutcome[]): Examples =>
    joined(
      some.flatMap(({ places }) => places ?? []),
      GAP_INPUTS,
    );
  return {
    places: { learned: placesOf(learned), held: new Map([['places', placesOf(held)]]) },
    textures: {
      learned: joined(
        learned.flatMap(({ textures }) => textures.map(({ examples }) => examples)),
        TEXTURE_INPUTS,
      ),
      held: byName(held),
    },
  };
}

function byName(outcomes: readonly TrainingOutcome[]): Map<string, Examples> {
  const lists = new Map<string, Examples[]>();
  for (const { of, examples } of outcomes.flatMap(({ textures }) => textures)) {
    lists.set(of, [...(lists.get(of) ?? []), examples]);
  }
  return new Map([...lists].map(([of, list]) => [of, joined(list, TEXTURE_INPUTS)]));
}
