import { SAMPLE_RATE, toUnitRms } from './signal.ts';

/** White noise is the sum of three even ones, which is near enough to Gaussian. */
function gaussian(random: () => number): number {
  return 2 * (random() + random() + random() - 1.5);
}

/** Part that a one-pole filter keeps from sample to sample, for a corner frequency. */
const keepAt = (hertz: number): number => Math.exp((-2 * Math.PI * hertz) / SAMPLE_RATE);

/** One-pole filters two octaves apart, whose sum falls by 3 dB an octave. */
const PINK_POLES = [2500, 625, 156, 39, 10].map((hertz) => ({
  keep: keepAt(hertz),
  weight: Math.sqrt(1 / hertz),
}));

export function white(count: number, random: () => number): Float32Array {
  return toUnitRms(new Float32Array(count).map(() => gaussian(random)));
}

/** The same power in each octave. */
export function pink(count: number, random: () => number): Float32Array {
  const states = new Float64Array(PINK_POLES.length);
  const samples = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    const value = gaussian(random);
    let sum = value * 0.008;
    for (let pole = 0; pole < states.length; pole += 1) {
      const { keep, weight } = PINK_POLES[pole]!;
      states[pole] = keep * states[pole]! + (1 - keep) ** 0.5 * value;
      sum += weight * (1 - keep) ** 0.5 * states[pole]!;
    }
    samples[index] = sum;
  }
  return toUnitRms(samples);
}

/** Falls by 6 dB an octave above 40 Hz, so that its level is not all below what can be heard. */
export function brown(count: number, random: () => number): Float32Array {
  const keep = keepAt(40);
  let state = 0;
  const samples = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    state = keep * state + gaussian(random);
    samples[index] = state;
  }
  return toUnitRms(samples);
}

/** Mains hum: 50 Hz and its harmonics, the odd ones stronger, over a hiss 30 dB below. */
export function hum(count: number, random: () => number): Float32Array {
  const partials = Array.from({ length: 20 }, (_, index) => ({
    turn: (2 * Math.PI * 50 * (index + 1)) / SAMPLE_RATE,
    phase: 2 * Math.PI * random(),
    weight: (index % 2 === 0 ? 1 : 0.4) / (index + 1),
  }));
  // The hum repeats after 320 samples.
  const period = Float32Array.from({ length: SAMPLE_RATE / 50 }, (_, index) =>
    partials.reduce((sum, { turn, phase, weight }) => sum + weight * Math.sin(turn * index + phase), 0),
  );
  toUnitRms(period);
  const samples = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    samples[index] = period[index % period.length]! + 0.03 * gaussian(random);
  }
  return toUnitRms(samples);
}
