import { uint8At } from '../elements.ts';

/** Octave bands whose levels are remembered, the highest first: 4-8 kHz down to 250-500 Hz. */
export const BANDS = 5;
/** Levels are kept in steps of half a dB above a mean square of 1, of which 16 bits reach 181. */
export const STEPS_PER_DB = 2;
export const STEPS = 192;
/** Parts of the frames remembered that are below the floor of a band, and below its ceiling. */
const FLOOR_PART = 0.1;
const CEILING_PART = 0.9;

/** Frames behind a place between two frames that have to be known to describe it, and as many before it. */
export const LOOK_AHEAD = 12;
/** So many of the last frames can be looked at. */
const RECENT = 2 * LOOK_AHEAD;
/** Frames from which floors and ceilings are taken, 25 s, and how often that is done: each second. */
export const MEMORY_FRAMES = 1250;
const SURVEY_FRAMES = 50;

/** Remembers how loud each band of the last frames was, and what is usual: the floor and the ceiling of each. */
export class LevelHistory {
  /** The floor of each band, dB, and how far its ceiling lies above it, as of the last `survey`. */
  readonly floors = new Float64Array(BANDS);
  readonly ranges = new Float64Array(BANDS);
  /** Levels of the last frames, dB above a mean square of 1, each twice, so that those asked for lie in a row. */
  readonly recent = new Float32Array(2 * RECENT * BANDS);
  readonly #frames: number;
  /** Bands above the highest that there is: a telephone has none at 4-8 kHz. */
  readonly #absent: number;
  readonly #steps: Uint8Array;
  /** How many of the frames remembered have each level, by band. */
  readonly #tally = new Uint16Array(BANDS * STEPS);
  #count = 0;

  /** Remembers `frames` frames, of whose bands the first `absent` are not there. */
  constructor(frames: number, absent: number) {
    this.#frames = frames;
    this.#absent = absent;
    this.#steps = new Uint8Array(frames * BANDS);
  }

  /** Frames taken so far. */
  get count(): number {
    return this.#count;
  }

  /** Where in `recent` the oldest of the last frames begins. */
  get recentStart(): number {
    return (this.#count % RECENT) * BANDS;
  }

  /** Takes the energies of the next frame, mean squares, the highest band that there is first. */
  push(energies: Float64Array): void {
    const slot = (this.#count % this.#frames) * BANDS;
    const start = this.recentStart;
    for (let band = 0; band < BANDS; band += 1) {
      const energy = band < this.#absent ? 0 : (energies[band - this.#absent] ?? 0);
      const step = energy > 1 ? Math.round(10 * STEPS_PER_DB * Math.log10(energy)) : 0;
      if (this.#count >= this.#frames) this.#add(band, uint8At(this.#steps, slot + band), -1);
      this.#steps[slot + band] = step;
      this.recent[start + band] = step / STEPS_PER_DB;
      this.recent[start + RECENT * BANDS + band] = step / STEPS_PER_DB;
      this.#add(band, step, 1);
    }
    this.#count += 1;
    if (this.#count % SURVEY_FRAMES === LOOK_AHEAD) this.survey();
  }

  /** Fills `levels` with those of a band in the frames from `from` on, which are remembered; dB as above. */
  levels(band: number, from: number, levels: Float64Array): void {
    let place = (from % this.#frames) * BANDS + band;
    for (let index = 0; index < levels.length; index += 1) {
      levels[index] = uint8At(this.#steps, place) / STEPS_PER_DB;
      place += BANDS;
      if (place >= this.#steps.length) place -= this.#steps.length;
    }
  }

  /** Sets the floors and ranges from the frames remembered. */
  survey(): void {
    const last = Math.min(this.#count, this.#frames) - 1;
    for (let band = 0; band < BANDS; band += 1) {
      const floor = this.#quantile(band, Math.floor(FLOOR_PART * last));
      this.floors[band] = floor;
      this.ranges[band] = this.#quantile(band, Math.floor(CEILING_PART * last)) - floor;
    }
  }

  #add(band: number, step: number, change: number): void {
    const place = band * STEPS + step;
    this.#tally[place] = (this.#tally[place] ?? 0) + change;
  }

  /** The level of the frame of a rank, the quietest being the first. */
  #quantile(band: number, rank: number): number {
    let below = 0;
    for (let step = 0; step < STEPS; step += 1) {
      below += this.#tally[band * STEPS + step] ?? 0;
      if (below > rank) return step / STEPS_PER_DB;
    }
    return 0;
  }
}
