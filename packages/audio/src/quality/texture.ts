import { int16At } from '../elements.ts';

/** How strong a signal is and how much it jumps about. */
export interface Texture {
  /** Variance: mean square without the mean. */
  readonly power: number;
  /** Power of the difference of neighbours in parts of the power: 2 for white noise, below 0.5 for most voices. */
  readonly roughness: number;
}

/** The texture of samples; no power and no roughness when all are the same. */
export function textureOf(samples: Int16Array): Texture {
  let sum = 0;
  let squares = 0;
  let jumps = 0;
  let last = int16At(samples, 0);
  for (const sample of samples) {
    sum += sample;
    squares += sample * sample;
    jumps += (sample - last) * (sample - last);
    last = sample;
  }
  const mean = sum / samples.length;
  const power = squares / samples.length - mean * mean;
  return power > 0 ? { power, roughness: jumps / samples.length / power } : { power: 0, roughness: 0 };
}
