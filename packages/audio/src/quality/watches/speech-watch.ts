import type { Verdict } from '../alarm.ts';

const SPEECHLESS_SECONDS = 60;
/** Time is counted in this many steps; what is found comes at most one of them late. */
const STEPS = 12;
/** Less speech than this in all that time is a cough or a click, seconds. */
const LEAST_SPEECH_SECONDS = 0.25;

/** Finds a minute of audio with no speech in it. */
export class SpeechWatch {
  readonly #stepSamples: number;
  readonly #leastSpoken: number;
  /** Spoken samples at the ends of the last steps, in a ring. */
  readonly #spoken = new Float64Array(STEPS);
  #steps = 0;
  #samples = 0;
  #verdict: Verdict;

  constructor(sampleRate: number) {
    this.#stepSamples = (SPEECHLESS_SECONDS / STEPS) * sampleRate;
    this.#leastSpoken = LEAST_SPEECH_SECONDS * sampleRate;
  }

  /** Takes how many samples came, and how many of all so far were speech. */
  push(samples: number, spokenSamples: number): Verdict {
    this.#samples += samples;
    while (this.#samples >= this.#stepSamples) {
      this.#samples -= this.#stepSamples;
      const before = this.#spoken[this.#steps % STEPS] ?? 0;
      this.#spoken[this.#steps % STEPS] = spokenSamples;
      this.#steps += 1;
      const isSilent = this.#steps >= STEPS && spokenSamples - before < this.#leastSpoken;
      this.#verdict = isSilent
        ? { message: `No speech was found in ${SPEECHLESS_SECONDS} seconds of audio.` }
        : undefined;
    }
    return this.#verdict;
  }
}
