/** Where the loud part begins. */
const LOUD = 700;

/** A rising tone, unlike itself at any other place; 16-bit samples of this rate. */
export function risingTone(sampleRate: number, seconds: number): Int16Array {
  return Int16Array.from({ length: sampleRate * seconds }, (_, at) => {
    const t = at / sampleRate;
    return Math.round(9000 * Math.sin(2 * Math.PI * (300 + 500 * t) * t));
  });
}

/** Whether the samples stand there as they are. */
export function holds(sound: Int16Array, part: Int16Array): boolean {
  return bytesOf(sound).includes(bytesOf(part));
}

/**
 * How far the sound is from having this in it: the greatest error of a sample, where 1 is what half a step of G.711
 * comes to at most. Infinite where it does not begin, or breaks off.
 */
export function worstError(sound: Int16Array, wanted: Int16Array): number {
  const start = sound.findIndex(isLoud) - wanted.findIndex(isLoud);
  let best = Number.POSITIVE_INFINITY;
  for (let shift = -3; shift <= 3; shift += 1) best = Math.min(best, errorAt(sound, wanted, start + shift));
  return best;
}

const isLoud = (sample: number): boolean => Math.abs(sample) > LOUD;

function errorAt(sound: Int16Array, wanted: Int16Array, start: number): number {
  let worst = 0;
  for (const [at, sample] of wanted.entries()) {
    const heard = sound[start + at];
    if (heard === undefined) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(heard - sample) / ((Math.abs(sample) + 256) / 16));
  }
  return worst;
}

function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
