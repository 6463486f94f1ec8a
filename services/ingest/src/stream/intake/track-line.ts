import { type CutSegment, createSegmenter, type Segmenter } from '@earshot/audio';
import type { TrackName } from '@earshot/protocol';
import type { CutSettings } from '../context/ports.ts';

/** One track of one connection: samples in, cuts out, positions counted on the session's track. */
export class TrackLine {
  readonly track: TrackName;
  readonly sampleRate: number;
  /** Position of this connection's first sample on the track. */
  readonly base: number;
  readonly #segmenter: Segmenter;

  constructor(at: { track: TrackName; sampleRate: number; base: number }, settings: CutSettings) {
    this.track = at.track;
    this.sampleRate = at.sampleRate;
    this.base = at.base;
    this.#segmenter = createSegmenter({ sampleRate: at.sampleRate, ...settings });
  }

  /** Samples of this connection so far, silence in gaps included. */
  get received(): number {
    return this.#segmenter.position;
  }

  /** The next sample's position on the track. */
  get position(): number {
    return this.base + this.received;
  }

  push(samples: Int16Array): CutSegment[] {
    return this.#segmenter.push(samples);
  }

  /** Fills a gap of `samples` with silence, a second at a time. */
  *silence(samples: number): Generator<CutSegment> {
    for (let left = samples; left > 0; left -= this.sampleRate) {
      yield* this.#segmenter.push(new Int16Array(Math.min(left, this.sampleRate)));
    }
  }

  /** The tail that no cut has taken yet. */
  flush(): CutSegment | undefined {
    return this.#segmenter.flush();
  }
}
