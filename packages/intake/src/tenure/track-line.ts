import { type Cut, type Cutter, createCutter } from '@earshot/audio';
import type { TrackName } from '@earshot/protocol';
import type { CutSettings } from '../context.ts';

/** Where a line begins. */
export interface LineStart {
  readonly track: TrackName;
  readonly sampleRate: number;
  /** Position of the first sample that is not archived yet. */
  readonly from: number;
}

/** One track of a session on this node: finds where to cut, keeps no audio. */
export class TrackLine {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly from: number;
  /** The position below which everything is in storage. */
  archived: number;
  readonly #cutter: Cutter;

  constructor({ track, sampleRate, from }: LineStart, settings: CutSettings) {
    this.track = track;
    this.sampleRate = sampleRate;
    this.from = from;
    this.archived = from;
    this.#cutter = createCutter({ sampleRate, origin: from, ...settings });
  }

  /** The next sample's position on the track. */
  get position(): number {
    return this.#cutter.position;
  }

  /** Samples of this line so far, silence in gaps included. */
  get received(): number {
    return this.position - this.from;
  }

  /** Samples in what the detector took for speech. */
  get spoken(): number {
    return this.#cutter.spokenSamples;
  }

  push(samples: Int16Array): Cut[] {
    return this.#cutter.push(samples);
  }

  /** Passes a gap of `samples` as silence, a second at a time. */
  *silence(samples: number): Generator<Cut> {
    for (let left = samples; left > 0; left -= this.sampleRate) {
      yield* this.#cutter.push(new Int16Array(Math.min(left, this.sampleRate)));
    }
  }

  /** The tail that no cut has taken yet. */
  flush(): Cut | undefined {
    return this.#cutter.flush();
  }
}
