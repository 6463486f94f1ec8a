import { type Cut, createCutter, createFiveBandDetector, type SpeechDetector } from '@earshot/audio';
import { SAMPLE_RATE, type Span } from '../sound/signal.ts';
import type { Talk } from '../speech/talk.ts';
import type { Heard } from './hearing.ts';
import type { Tally } from './tally.ts';

/** A cut this far or less inside a word takes nothing from it, seconds. */
const EDGE_SECONDS = 0.02;
const LONG_PAUSE_SECONDS = 0.5;
const SHORTEST_SECONDS = 10;
const LONGEST_SECONDS = 25;
/** A cutter that may cut so often cuts once in each pause that it finds. */
const PROBE = { minSeconds: 0.4, maxSeconds: 25 } as const;

/** All pieces of a track, the last included. */
function allCuts(
  heard: Heard,
  options: { detector?: SpeechDetector; minSeconds?: number; maxSeconds?: number },
): Cut[] {
  const cutter = createCutter({ sampleRate: heard.sampleRate, ...options });
  const cuts = cutter.push(heard.samples);
  const rest = cutter.flush();
  return rest === undefined ? cuts : [...cuts, rest];
}

/** What a detector said of each frame. */
export interface Scored {
  readonly frameSamples: number;
  readonly scores: readonly number[];
}

/** A detector that says again what another said. */
function replaying({ frameSamples, scores }: Scored): SpeechDetector {
  let next = 0;
  return {
    frameSamples,
    push() {
      next += 1;
      return scores[next - 1] ?? 0;
    },
  };
}

/** Scores that know the truth: whether most of the frame is word. */
export function trueScores(talk: Talk): Scored {
  const { frameSamples } = createFiveBandDetector(SAMPLE_RATE);
  const scores = new Array<number>(Math.ceil(talk.samples.length / frameSamples)).fill(0);
  for (const { start, end } of talk.words) {
    scores.fill(1, Math.round(start / frameSamples), Math.round(end / frameSamples));
  }
  return { frameSamples, scores };
}

/** Cuts a talk as heard, with the default detector or with the scores of another, and counts. */
export function tallyTalk(talk: Talk, heard: Heard, scored?: Scored): Tally {
  const detector = () => (scored === undefined ? {} : { detector: replaying(scored) });
  const cuts = allCuts(heard, detector());
  const probes = allCuts(heard, { ...detector(), ...PROBE });
  return { ...tallyCuts(talk, heard, cuts), ...tallyPauses(talk, heard, probes) };
}

/** What a talk is like when it is cut every so many seconds, whatever is said. */
export function tallyWindows(talk: Talk, heard: Heard, seconds: number): Tally {
  const samples = seconds * heard.sampleRate;
  const cuts: Cut[] = [];
  for (let start = 0; start < heard.samples.length; start += samples) {
    const cut = start + samples < heard.samples.length ? 'forced' : 'end';
    cuts.push({ firstSample: start, samples, cut, speechRatio: 1, levelDb: 0, speech: true });
  }
  return { ...tallyCuts(talk, heard, cuts), longPauses: 0, missedPauses: 0 };
}

function tallyCuts(
  talk: Talk,
  { sampleRate, samples }: Heard,
  cuts: readonly Cut[],
): Omit<Tally, 'longPauses' | 'missedPauses'> {
  // The spans are at the rate of the talk; a telephone's track is as long in seconds.
  const scale = talk.samples.length / samples.length;
  const edge = EDGE_SECONDS * sampleRate * scale;
  const words = talk.words.map(({ start, end }) => ({ start: start + edge, end: end - edge }));
  const done = cuts.filter(({ cut }) => cut !== 'end');
  const ends = (cut: Cut): number => (cut.firstSample + cut.samples) * scale;
  const inside = done.filter((cut) => holds(words, ends(cut)));
  const lengths = done.map((cut) => cut.samples / sampleRate);
  const spoken = cuts.filter((cut) =>
    words.some((word) => word.start > cut.firstSample * scale && word.end < ends(cut)),
  );
  return {
    cuts: done.length,
    insideWord: inside.length,
    outOfBounds: lengths.filter((length) => length < SHORTEST_SECONDS || length > LONGEST_SECONDS).length,
    forced: done.filter(({ cut }) => cut === 'forced').length,
    forcedInsideWord: inside.filter(({ cut }) => cut === 'forced').length,
    lengths,
    spoken: spoken.length,
    spokenUnmarked: spoken.filter(({ speech }) => !speech).length,
  };
}

function tallyPauses(
  talk: Talk,
  { sampleRate, samples }: Heard,
  probes: readonly Cut[],
): Pick<Tally, 'longPauses' | 'missedPauses'> {
  const scale = talk.samples.length / samples.length;
  const least = LONG_PAUSE_SECONDS * sampleRate * scale;
  const long = talk.pauses.filter(({ start, end }) => end - start >= least);
  const places = probes
    .filter(({ cut }) => cut === 'pause')
    .map((cut) => (cut.firstSample + cut.samples) * scale);
  const missed = long.filter(({ start, end }) => !places.some((place) => place > start && place < end));
  return { longPauses: long.length, missedPauses: missed.length };
}

function holds(spans: readonly Span[], position: number): boolean {
  return spans.some(({ start, end }) => position > start && position < end);
}

/** Segments of noise alone, and those of them marked as speech. */
export function tallyNoise(heard: Heard): { segments: number; marked: number } {
  const cuts = allCuts(heard, {}).filter(({ cut }) => cut !== 'end');
  return { segments: cuts.length, marked: cuts.filter(({ speech }) => speech).length };
}
