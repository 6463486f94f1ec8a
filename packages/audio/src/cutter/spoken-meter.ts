/** Adds up speech, and takes for speech only spells of it that are clear and audible for a while in a row. */
export class SpokenMeter {
  readonly #leastFrames: number;
  #frames = 0;
  /** Frames in the spell at hand, those of it that are clear at its end, and whether the spell counts. */
  #spell = 0;
  #clearRun = 0;
  #counts = false;

  /** A spell counts once `leastFrames` frames in a row are clear. */
  constructor(leastFrames: number) {
    this.#leastFrames = leastFrames;
  }

  /** Frames in the spells that count. */
  get frames(): number {
    return this.#frames;
  }

  /** Takes the next frame: whether it belongs to a spell of speech, and whether it is clear. */
  push(speech: boolean, clear: boolean): void {
    this.#spell = speech ? this.#spell + 1 : 0;
    this.#clearRun = clear ? this.#clearRun + 1 : 0;
    if (!speech) this.#counts = false;
    else if (this.#counts) this.#frames += 1;
    else if (this.#clearRun >= this.#leastFrames) {
      this.#counts = true;
      this.#frames += this.#spell;
    }
  }
}
