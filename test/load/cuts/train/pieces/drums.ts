import { SAMPLE_RATE } from '../../sound/signal.ts';

/** A kit: how each of its drums sounds, and on which sixteenths of a bar it is struck. */
export interface Kit {
  readonly strokes: readonly Stroke[];
}

interface Stroke {
  /** Part of noise, 0 to 1; the rest is a tone that falls. */
  readonly noise: number;
  readonly hertz: number;
  readonly seconds: number;
  readonly loudness: number;
  /** How much of the low end of its noise is taken away, 0 to 1. */
  readonly thinness: number;
  readonly pattern: readonly boolean[];
}

const drawPattern = (places: number, random: () => number, likely: (place: number) => number): boolean[] =>
  Array.from({ length: places }, (_, place) => random() < likely(place));

/** A kit for bars of so many sixteenths: kick, snare, cymbal and sometimes a shaker. */
export function drawKit(places: number, random: () => number): Kit {
  const busy = random();
  const kick = drawPattern(places, random, (place) =>
    place === 0 ? 1 : place % 4 === 0 ? 0.5 : 0.15 * busy,
  );
  const snare = drawPattern(places, random, (place) => (place % 8 === 4 ? 0.9 : 0.08 * busy));
  const every = random() < 0.5 ? 2 : 4;
  const cymbal = drawPattern(places, random, (place) => (place % every === 0 ? 0.95 : 0.2 * busy));
  const shaker = drawPattern(places, random, () => (random() < 0.3 ? 0.8 : 0));
  const part = (from: number, to: number): number => from + (to - from) * random();
  return {
    strokes: [
      {
        noise: 0.05,
        hertz: part(45, 80),
        seconds: part(0.1, 0.3),
        loudness: part(0.7, 1.4),
        thinness: 0,
        pattern: kick,
      },
      {
        noise: part(0.5, 0.9),
        hertz: part(150, 250),
        seconds: part(0.06, 0.2),
        loudness: part(0.4, 1),
        thinness: 0.4,
        pattern: snare,
      },
      {
        noise: 1,
        hertz: 0,
        seconds: part(0.02, 0.2),
        loudness: part(0.1, 0.5),
        thinness: 0.95,
        pattern: cymbal,
      },
      { noise: 1, hertz: 0, seconds: 0.05, loudness: part(0.05, 0.3), thinness: 0.8, pattern: shaker },
    ],
  };
}

/** Adds the strokes of one sixteenth. */
export function strike(
  samples: Float32Array,
  kit: Kit,
  at: { readonly seconds: number; readonly place: number; readonly random: () => number },
): void {
  for (const stroke of kit.strokes) {
    if (stroke.pattern[at.place] === true) hit(samples, stroke, at);
  }
}

function hit(
  samples: Float32Array,
  stroke: Stroke,
  { seconds, random }: { readonly seconds: number; readonly random: () => number },
): void {
  const start = Math.floor(seconds * SAMPLE_RATE);
  const end = Math.min(samples.length, start + Math.floor(2 * stroke.seconds * SAMPLE_RATE));
  const keep = Math.exp(-3 / (stroke.seconds * SAMPLE_RATE));
  let height = stroke.loudness * (0.7 + 0.3 * random());
  let phase = 0;
  let last = 0;
  for (let index = start; index < end; index += 1) {
    const hiss = 2 * random() - 1;
    const pitch = stroke.hertz * (1 + 2 * height);
    phase += (2 * Math.PI * pitch) / SAMPLE_RATE;
    const noise = hiss - stroke.thinness * last;
    last = hiss;
    samples[index]! += height * (stroke.noise * noise + (1 - stroke.noise) * Math.sin(phase));
    height *= keep;
  }
}
