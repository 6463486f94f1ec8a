import { NoiseFloor } from './noise-floor.ts';

/** Most that one band may add to the log-likelihood ratio, so that none decides alone. */
const CAP = 12;
/** What the frames before keep of their part in the smoothed energy, from each frame to the next. */
const INERTIA = 0.5;
/** The smoothed energy is at most this many times that of the frame, so that loud sounds do not ring on. */
const MOST_RINGING = 3;

/** Weighs one frequency band of a track: how far its energy speaks against noise alone. */
export class Band {
  readonly #floor = new NoiseFloor();
  readonly #halfCount: number;
  #energy = 0;
  #smoothed = 0;

  /** `count` independent values lie behind each energy of this band. */
  constructor(count: number) {
    this.#halfCount = count / 2;
  }

  /**
   * Takes the band's energy in the next frame, a mean square, and gives the log-likelihood ratio of "louder than the
   * noise" to "noise" for that many Gaussian values; 0 when it is not louder.
   */
  evidence(energy: number): number {
    this.#energy = energy;
    this.#smoothed = Math.min(INERTIA * this.#smoothed + (1 - INERTIA) * energy, MOST_RINGING * energy);
    this.#floor.bound(energy);
    const gain = this.#smoothed / this.#floor.level;
    return gain > 1 ? Math.min(CAP, this.#halfCount * (gain - 1 - Math.log(gain))) : 0;
  }

  /** Learns from the last frame what the noise is, given the probability that it was speech. */
  learn(speech: number): void {
    this.#floor.follow(this.#energy, speech);
  }
}
