import type { Cut, Cutter } from '../cutter/cut.ts';
import type { SegmenterOptions } from '../cutter/cut-rule.ts';
import { createCutter } from '../cutter/cutter.ts';
import { SampleTape } from './sample-tape.ts';
import type { CutSegment, Segmenter } from './segment.ts';

/** Creates a segmenter for one track: a cutter that keeps the audio too. What cannot be met is a RangeError. */
export function createSegmenter(options: SegmenterOptions): Segmenter {
  return new TapedSegmenter(createCutter(options), options.sampleRate);
}

class TapedSegmenter implements Segmenter {
  readonly #cutter: Cutter;
  readonly #tape: SampleTape;
  /** Samples taken at a time, so that a long call holds no more than a short one. */
  readonly #blockSamples: number;

  constructor(cutter: Cutter, blockSamples: number) {
    this.#cutter = cutter;
    this.#tape = new SampleTape(blockSamples, 0);
    this.#blockSamples = blockSamples;
  }

  get position(): number {
    return this.#cutter.position;
  }

  get bufferedSamples(): number {
    return this.#cutter.pendingSamples;
  }

  push(samples: Int16Array): CutSegment[] {
    const segments: CutSegment[] = [];
    for (let start = 0; start < samples.length; start += this.#blockSamples) {
      const isShort = samples.length <= this.#blockSamples;
      const block = isShort ? samples : samples.subarray(start, start + this.#blockSamples);
      this.#tape.append(block);
      for (const cut of this.#cutter.push(block)) segments.push(this.#segment(cut));
    }
    return segments;
  }

  flush(): CutSegment | undefined {
    const cut = this.#cutter.flush();
    return cut === undefined ? undefined : this.#segment(cut);
  }

  #segment(cut: Cut): CutSegment {
    const end = cut.firstSample + cut.samples;
    const samples = this.#tape.copy(cut.firstSample, end);
    this.#tape.dropBefore(end);
    return { ...cut, samples };
  }
}
