import { SAMPLE_RATE, seededRandom, toUnitRms } from './signal.ts';
import { brown, white } from './steady-noise.ts';

/** Bouts of typing: clicks of 15 to 40 ms with a ring of their own, four to nine a second. */
export function keys(count: number, random: () => number): Float32Array {
  const samples = new Float32Array(count);
  let position = 0;
  while (position < count) {
    const boutEnd = position + (1 + 4 * random()) * SAMPLE_RATE;
    const rate = 4 + 5 * random();
    while (position < Math.min(boutEnd, count)) {
      click(samples, Math.floor(position), random);
      position += ((0.5 + random()) / rate) * SAMPLE_RATE;
    }
    position += (0.3 + 2 * random()) * SAMPLE_RATE;
  }
  return toUnitRms(samples);
}

function click(samples: Float32Array, start: number, random: () => number): void {
  const length = Math.floor((0.015 + 0.025 * random()) * SAMPLE_RATE);
  const loudness = 0.4 + 0.6 * random();
  const turn = (2 * Math.PI * (900 + 2600 * random())) / SAMPLE_RATE;
  for (let index = 0; index < length && start + index < samples.length; index += 1) {
    const sound = random() - 0.5 + 0.5 * Math.sin(turn * index);
    samples[start + index]! += loudness * sound * Math.exp((-5 * index) / length);
  }
}

/** Wind on a microphone: rumble and a little rush that swell and die within half a second to three. */
export function gusts(count: number, random: () => number): Float32Array {
  const samples = brown(count, random);
  const rush = white(count, random);
  let level = 0;
  let aim = 0;
  let keep = 0;
  let left = 0;
  for (let index = 0; index < count; index += 1) {
    if (left === 0) {
      aim = aim > 0.2 ? 0.05 * random() : 0.3 + 0.7 * random();
      left = Math.floor((0.5 + 2.5 * random()) * SAMPLE_RATE);
      keep = Math.exp(-1 / ((0.1 + 0.3 * random()) * SAMPLE_RATE));
    }
    left -= 1;
    level = keep * level + (1 - keep) * aim;
    samples[index] = level * (samples[index]! + 0.3 * level * rush[index]!);
  }
  return toUnitRms(samples);
}

const SCALE = [0, 2, 4, 7, 9, 12, 14, 16];
const PARTIALS = [1, 0.5, 0.33, 0.2, 0.1];

/** Plucked notes over a slow bass, two to four beats a second, a drum on each second beat. */
export function music(count: number, random: () => number): Float32Array {
  const samples = new Float32Array(count);
  const beat = Math.floor(SAMPLE_RATE / (2 + 2 * random()));
  const root = 160 + 120 * random();
  for (let start = 0, beats = 0; start < count; start += beat, beats += 1) {
    const notes = random() < 0.3 ? 2 : 1;
    for (let note = 0; note < notes; note += 1) {
      const hertz = root * 2 ** (SCALE[Math.floor(random() * SCALE.length)]! / 12);
      pluck(samples, { start, hertz, seconds: 0.6, loudness: 0.6 + 0.4 * random() });
    }
    if (beats % 4 === 0) pluck(samples, { start, hertz: root / 2, seconds: 1.5, loudness: 0.8 });
    if (beats % 2 === 1) drum(samples, start, seededRandom(beats, Math.floor(root)));
  }
  return toUnitRms(samples);
}

interface Note {
  readonly start: number;
  readonly hertz: number;
  /** In which it falls by 26 dB. */
  readonly seconds: number;
  readonly loudness: number;
}

function pluck(samples: Float32Array, { start, hertz, seconds, loudness }: Note): void {
  const length = Math.min(samples.length - start, Math.floor(seconds * SAMPLE_RATE));
  for (const [order, weight] of PARTIALS.entries()) {
    const turn = (2 * Math.PI * hertz * (order + 1)) / SAMPLE_RATE;
    if (turn > 2.8) break;
    addPartial(samples.subarray(start, start + length), {
      turn,
      height: loudness * weight,
      keep: Math.exp((-3 * (order + 1) ** 0.5) / (seconds * SAMPLE_RATE)),
    });
  }
}

/** Adds a dying sine, each sample of it from the two before. */
function addPartial(
  samples: Float32Array,
  { turn, height, keep }: { readonly turn: number; readonly height: number; readonly keep: number },
): void {
  const again = 2 * keep * Math.cos(turn);
  const damping = keep * keep;
  let last = 0;
  let beforeLast = (-height * Math.sin(turn)) / keep;
  for (let index = 0; index < samples.length; index += 1) {
    samples[index]! += index < 80 ? (index / 80) * last : last;
    const next = again * last - damping * beforeLast;
    beforeLast = last;
    last = next;
  }
}

function drum(samples: Float32Array, start: number, random: () => number): void {
  const length = Math.min(samples.length - start, Math.floor(0.12 * SAMPLE_RATE));
  for (let index = 0; index < length; index += 1) {
    samples[start + index]! += 0.8 * (random() - 0.5) * Math.exp((-4 * index) / (0.12 * SAMPLE_RATE));
  }
}
