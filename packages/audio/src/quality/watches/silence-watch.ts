import { int16At } from '../../elements.ts';
import type { Verdict } from '../alarm.ts';

const SILENT_SECONDS = 30;
/** One sample in so many is looked at; a prime, so that hardly a tone looks constant. */
const STRIDE = 13;

/** Finds digital silence: samples that are all the same, which no microphone gives. */
export class SilenceWatch {
  readonly #leastSamples: number;
  #constant = 0;
  #samples = 0;
  #sinceMs = 0;
  #lastSoundMs = -Infinity;

  constructor(sampleRate: number) {
    this.#leastSamples = SILENT_SECONDS * sampleRate;
  }

  /** When there was sound last, on the clock of the caller; -Infinity for never. */
  get lastSoundMs(): number {
    return this.#lastSoundMs;
  }

  /** Takes samples; `heardElsewhere` tells whether sound came on another track, if there is one, since a time. */
  push(samples: Int16Array, elapsedMs: number, heardElsewhere: (sinceMs: number) => boolean): Verdict {
    for (let index = 0; index < samples.length; index += STRIDE) {
      const sample = int16At(samples, index);
      if (sample === this.#constant) continue;
      this.#constant = sample;
      this.#samples = 0;
      this.#lastSoundMs = elapsedMs;
      break;
    }
    if (this.#samples === 0) this.#sinceMs = elapsedMs;
    this.#samples += samples.length;
    if (this.#samples < this.#leastSamples || !heardElsewhere(this.#sinceMs)) return undefined;
    return {
      message: `The track is digital silence for ${SILENT_SECONDS} seconds: is its source connected?`,
      details: { value: this.#constant },
    };
  }
}
