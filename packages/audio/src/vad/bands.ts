import { float64At } from '../elements.ts';
import { NoiseFloors } from './noise-floors.ts';

/** Most that one band may add to the log-likelihood ratio, so that none decides alone. */
const CAP = 12;
/** What the frames before keep of their part in the smoothed energy, from each frame to the next. */
const INERTIA = 0.5;
/** The smoothed energy is at most this many times that of the frame, so that loud sounds do not ring on. */
const MOST_RINGING = 3;

/** Weighs the frequency bands of a track: how far their energies speak against noise alone. */
export class Bands {
  readonly #floors: NoiseFloors;
  readonly #counts: Float64Array;
  readonly #smoothed: Float64Array;

  /** `counts` independent values lie behind each energy of each band. */
  constructor(counts: readonly number[]) {
    this.#floors = new NoiseFloors(counts.length);
    this.#counts = Float64Array.from(counts);
    this.#smoothed = new Float64Array(counts.length);
  }

  /**
   * Takes the energies of the next frame, mean squares, and gives the log-likelihood ratio of "louder than the noise" to
   * "noise" for that many Gaussian values, summed over the bands; 0 for one that is not louder.
   */
  evidence(energies: Float64Array): number {
    const smoothedBefore = this.#smoothed;
    const floors = this.#floors;
    let evidence = 0;
    for (let band = 0; band < smoothedBefore.length; band += 1) {
      const energy = float64At(energies, band);
      const slow = INERTIA * float64At(smoothedBefore, band) + (1 - INERTIA) * energy;
      const smoothed = Math.min(slow, MOST_RINGING * energy);
      smoothedBefore[band] = smoothed;
      floors.bound(band, energy);
      const gain = smoothed / floors.level(band);
      if (gain > 1)
        evidence += Math.min(CAP, (float64At(this.#counts, band) / 2) * (gain - 1 - Math.log(gain)));
    }
    floors.endFrame();
    return evidence;
  }

  /** Learns from the last frame what the noise is, given the probability that it was speech. */
  learn(energies: Float64Array, speech: number): void {
    for (let band = 0; band < this.#smoothed.length; band += 1) {
      this.#floors.follow(band, float64At(energies, band), speech);
    }
  }
}
