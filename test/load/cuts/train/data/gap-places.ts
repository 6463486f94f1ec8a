import { describePlace, GAP_INPUTS, isLoud, LOOK_AHEAD } from '@earshot/audio/training';
import type { Heard } from '../../runs/hearing.ts';
import { SAMPLE_RATE } from '../../sound/signal.ts';
import type { Talk } from '../../speech/talk.ts';
import type { ExampleList } from '../network/examples.ts';
import { FRAMES_PER_SECOND, listen } from './listening.ts';

/** Samples of the talk in a frame, whatever rate it is heard at. */
const FRAME = SAMPLE_RATE / FRAMES_PER_SECOND;
/** Deeper inside a word than this a place is no pause, and deeper than that a cut there does harm; samples. */
const EDGE = 0.01 * SAMPLE_RATE;
const HARMFUL = 0.02 * SAMPLE_RATE;
/** Places around the edge of a word that are hard to tell: frames before it and behind it. */
const NEAR = { before: 6, behind: 8 };
/** Frames at the start in which floors are not yet known. */
const FIRST = 100;
/** Which part of the places is taken, and how much each of them counts. */
const EDGES = { part: 0.8, weight: 1 };
const PAUSES = { part: 0.35, weight: 2 };
const WORDS = { part: 0.12, weight: 2.5 };
const HARM = 2;

/** What is true of the places of a talk, by frame. */
interface Truth {
  readonly pauses: Uint8Array;
  readonly harmful: Uint8Array;
  readonly near: Uint8Array;
}

export function truthOf(talk: Talk): Truth {
  const count = Math.ceil(talk.samples.length / FRAME) + NEAR.behind;
  const pauses = new Uint8Array(count).fill(1);
  const harmful = new Uint8Array(count);
  const near = new Uint8Array(count);
  for (const { start, end } of talk.words) {
    pauses.fill(0, Math.floor((start + EDGE) / FRAME) + 1, Math.ceil((end - EDGE) / FRAME));
    harmful.fill(1, Math.floor((start + HARMFUL) / FRAME) + 1, Math.ceil((end - HARMFUL) / FRAME));
    for (const edge of [start, end]) {
      const frame = Math.round(edge / FRAME);
      near.fill(1, Math.max(0, frame - NEAR.before), frame + NEAR.behind);
    }
  }
  return { pauses, harmful, near };
}

/** Takes some places of a talk as heard; those that are so loud that nobody asks the network are left out. */
export function takePlaces(
  examples: ExampleList,
  heard: Heard,
  { truth, share, random }: { readonly truth: Truth; readonly share: number; readonly random: () => number },
): void {
  const inputs = new Float64Array(GAP_INPUTS);
  listen(heard, (history) => {
    const place = history.count - LOOK_AHEAD;
    if (place < FIRST || isLoud(history)) return;
    const isPause = truth.pauses[place] === 1;
    const kind = truth.near[place] === 1 ? EDGES : isPause ? PAUSES : WORDS;
    if (random() >= kind.part * Math.min(1, share)) return;
    describePlace(history, inputs);
    const harm = truth.harmful[place] === 1 ? HARM : 1;
    examples.push(inputs, isPause, harm * kind.weight * Math.max(1, share));
  });
}
