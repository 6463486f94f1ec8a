import type { Verdict } from '../alarm.ts';
import type { Texture } from '../texture.ts';

/** Full scale, with room for the highest codes of mu-law and A-law, which expand to 32124 and 32256. */
const FULL_SCALE = 32_000;
/** Equal samples at full scale in a row that are no peak of a wave but its cut-off top. */
const LEAST_RUN = 3;
/** Probes below an RMS of 100 hold nothing that could be clipped; rougher ones are not sound but bytes read wrong. */
const LEAST_POWER = 100 ** 2;
const ROUGH = 1.2;
/** Probes that are judged together, how many of them must be clipped, and the least share of their samples. */
const PROBES = 16;
const CLIPPED_PROBES = 3;
const CLIPPED_SHARE = 0.005;

/** Finds sound whose tops are cut off at full scale: half a percent of its samples, not single peaks. */
export class ClippingWatch {
  /** Share of clipped samples in each of the last probes with sound, in a ring. */
  readonly #shares = new Float64Array(PROBES);
  #count = 0;
  #isOn = false;

  /** Takes a probe and its texture. */
  push(probe: Int16Array, texture: Texture): Verdict {
    if (texture.power >= LEAST_POWER && texture.roughness < ROUGH) {
      this.#shares[this.#count % PROBES] = clippedSamples(probe) / probe.length;
      this.#count += 1;
    }
    if (this.#count < PROBES) return undefined;
    let sum = 0;
    let clipped = 0;
    for (const share of this.#shares) {
      sum += share;
      if (share > 0) clipped += 1;
    }
    const share = sum / PROBES;
    // Once clipped, it is over only when next to nothing is.
    this.#isOn = this.#isOn
      ? share >= CLIPPED_SHARE / 5
      : share >= CLIPPED_SHARE && clipped >= CLIPPED_PROBES;
    if (!this.#isOn) return undefined;
    return {
      message: 'The audio is too loud: its peaks are cut off at full scale.',
      details: { clipped_share: Number(share.toFixed(4)) },
    };
  }
}

function clippedSamples(samples: Int16Array): number {
  let clipped = 0;
  let run = 0;
  let last = 0;
  for (const sample of samples) {
    if (sample >= FULL_SCALE || sample <= -FULL_SCALE) {
      run = sample === last ? run + 1 : 1;
      if (run === LEAST_RUN) clipped += LEAST_RUN;
      else if (run > LEAST_RUN) clipped += 1;
    }
    last = sample;
  }
  return clipped;
}
