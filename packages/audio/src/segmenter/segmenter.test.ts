import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SegmenterOptions } from '../cutter/cut-rule.ts';
import { rmsDb } from '../levels.ts';
import { asSamples } from '../testing/noise.ts';
import { speechLike } from '../testing/speech-like.ts';
import type { SpeechDetector } from '../vad/speech-detector.ts';
import type { CutSegment, Segmenter } from './segment.ts';
import { createSegmenter } from './segmenter.ts';

const RATE = 8000;
const talk = asSamples(speechLike({ sampleRate: RATE, seconds: 75 }, 1).samples);

/** All segments of a signal, pushed in pieces of the given sizes over and over. */
function segments(
  samples: Int16Array,
  options: Partial<SegmenterOptions> = {},
  sizes = [samples.length],
): CutSegment[] {
  const segmenter = createSegmenter({ sampleRate: RATE, ...options });
  const found: CutSegment[] = [];
  let start = 0;
  for (let turn = 0; start < samples.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    found.push(...segmenter.push(samples.subarray(start, start + size)));
    start += size;
  }
  const rest = segmenter.flush();
  return rest === undefined ? found : [...found, rest];
}

/** A detector that hears speech wherever a sample is not zero. */
function exactDetector(frameSamples = 160): SpeechDetector {
  return { frameSamples, push: (frame) => (frame.some((sample) => sample !== 0) ? 1 : 0) };
}

/** A loud signal with silence in the given spans, seconds. */
function withSilence(seconds: number, ...spans: [number, number][]): Int16Array {
  return Int16Array.from({ length: seconds * RATE }, (_, index) =>
    spans.some(([start, end]) => index >= start * RATE && index < end * RATE) ? 0 : 1000,
  );
}

function cuts(found: CutSegment[]): [seconds: number, cut: string][] {
  return found.map(({ firstSample, samples, cut }) => [(firstSample + samples.length) / RATE, cut]);
}

/** Whether two signals are the same, byte for byte. */
function same(a: Int16Array, b: Int16Array): boolean {
  return Buffer.compare(Buffer.from(a.slice().buffer), Buffer.from(b.slice().buffer)) === 0;
}

/** Whether two lists of segments are the same in every sample and every figure. */
function alike(a: CutSegment[], b: CutSegment[]): boolean {
  const figures = (list: CutSegment[]): string =>
    JSON.stringify(list.map((segment) => ({ ...segment, samples: [] })));
  return figures(a) === figures(b) && a.every((segment, index) => same(segment.samples, b[index]!.samples));
}

describe('segments', () => {
  it('concatenate to the input, and all but the last are 10 to 25 seconds long', () => {
    for (const policy of ['first', 'longest', 'decay'] as const) {
      const found = segments(talk, { policy });
      expect(found.length).toBeGreaterThan(2);
      let position = 0;
      for (const [index, segment] of found.entries()) {
        expect(segment.firstSample).toBe(position);
        expect(same(segment.samples, talk.subarray(position, position + segment.samples.length))).toBe(true);
        position += segment.samples.length;
        expect(segment.samples.length).toBeLessThanOrEqual(25 * RATE);
        if (index < found.length - 1) expect(segment.samples.length).toBeGreaterThanOrEqual(10 * RATE);
        expect(segment.cut === 'end').toBe(index === found.length - 1);
      }
      expect(position).toBe(talk.length);
    }
  });

  it('are the same however the samples are split', () => {
    const expected = segments(talk);
    const size = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 100_000 }));
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 12 }), (sizes) => {
        expect(alike(segments(talk, {}, sizes), expected)).toBe(true);
      }),
      { numRuns: 30, examples: [[[1]], [[159]], [[160]], [[161]], [[100_000]]] },
    );
  });

  it('carry their level and how much of them is speech', () => {
    const [segment] = segments(withSilence(8, [4, 8]), { detector: exactDetector() });
    expect(segment).toMatchObject({ speechRatio: 0.5, cut: 'end', speech: true });
    expect(segment?.levelDb).toBe(rmsDb(segment?.samples ?? new Int16Array(0)));
  });
});

describe('a cut', () => {
  const detector = exactDetector();

  it('lies in the middle of the first pause of 200 ms after 10 seconds', () => {
    const signal = withSilence(20, [9, 9.5], [11, 11.18], [12, 12.4], [14, 15]);
    expect(cuts(segments(signal, { detector }))).toEqual([
      [12.2, 'pause'],
      [20, 'end'],
    ]);
  });

  it('lies in what of a pause is behind 10 seconds, 100 ms at least', () => {
    expect(cuts(segments(withSilence(20, [9, 10.2]), { detector }))[0]).toEqual([10.05, 'pause']);
    expect(cuts(segments(withSilence(20, [9.8, 10.08]), { detector }))[0]).toEqual([20, 'end']);
  });

  it('does not wait for the end of a pause of 600 ms', () => {
    const segmenter = createSegmenter({ sampleRate: RATE, detector });
    expect(segmenter.push(withSilence(13, [12, 13]).subarray(0, 12.6 * RATE - 1))).toEqual([]);
    expect(cuts(segmenter.push(new Int16Array(1)))).toEqual([[12.3, 'pause']]);
  });

  it('comes every 10 seconds in silence', () => {
    expect(cuts(segments(new Int16Array(25 * RATE)))).toEqual([
      [10, 'pause'],
      [20, 'pause'],
      [25, 'end'],
    ]);
  });

  it('lies in the longest pause if that is asked for', () => {
    const signal = withSilence(26, [11, 11.5], [13, 14], [20, 20.6]);
    expect(cuts(segments(signal, { detector, policy: 'longest' }))[0]).toEqual([13.5, 'pause']);
  });

  it('is forced at the least speech-like place when there is no pause, 25 seconds at most', () => {
    const signal = withSilence(40, [13, 13.12]);
    const found = segments(signal, { detector });
    expect(cuts(found).slice(0, 1)).toEqual([[13.06, 'forced']]);
    expect(cuts(segments(withSilence(60), { detector })).map(([, cut]) => cut)).toEqual([
      ...new Array<string>(4).fill('forced'),
      'end',
    ]);
  });

  it('may be made again in what a forced cut left over', () => {
    const signal = withSilence(26, [10.5, 10.64], [21, 21.16]);
    expect(cuts(segments(signal, { detector }))).toEqual([
      [10.56, 'forced'],
      [26, 'end'],
    ]);
    expect(cuts(segments(withSilence(36, [10.5, 10.64], [21, 21.16]), { detector }))).toEqual([
      [10.56, 'forced'],
      [21.06, 'forced'],
      [36, 'end'],
    ]);
  });

  it('obeys other lengths', () => {
    const signal = withSilence(8, [1.5, 1.6], [2.2, 2.3]);
    const options = { detector, minSeconds: 2, maxSeconds: 3.5, minPauseMs: 80 };
    expect(cuts(segments(signal, options))).toEqual([
      [2.25, 'pause'],
      [4.32, 'forced'],
      [6.38, 'forced'],
      [8, 'end'],
    ]);
  });

  it('keeps its bounds with frames of any length', () => {
    for (const frameSamples of [1, 7, 256, 511, 800]) {
      const found = segments(withSilence(70), {
        detector: exactDetector(frameSamples),
        minSeconds: 10,
        maxSeconds: 10.2,
      });
      for (const { samples } of found.slice(0, -1)) {
        expect(samples.length).toBeGreaterThanOrEqual(10 * RATE);
        expect(samples.length).toBeLessThanOrEqual(10.2 * RATE);
      }
    }
  });
});

describe('a segmenter', () => {
  function flushed(segmenter: Segmenter, samples: Int16Array): CutSegment | undefined {
    expect(segmenter.push(samples)).toEqual([]);
    return segmenter.flush();
  }

  it('gives a short stream as one segment and nothing of an empty one', () => {
    const segmenter = createSegmenter({ sampleRate: RATE });
    expect(segmenter.flush()).toBeUndefined();
    const segment = flushed(segmenter, talk.subarray(0, 3 * RATE));
    expect(segment).toMatchObject({ firstSample: 0, cut: 'end' });
    expect(same(segment!.samples, talk.subarray(0, 3 * RATE))).toBe(true);
    expect(segmenter.flush()).toBeUndefined();
  });

  it('goes on at its position after a flush', () => {
    const segmenter = createSegmenter({ sampleRate: RATE });
    flushed(segmenter, talk.subarray(0, 12_345));
    const second = flushed(segmenter, talk.subarray(12_345, 40_000));
    expect(second?.firstSample).toBe(12_345);
    expect(same(second!.samples, talk.subarray(12_345, 40_000))).toBe(true);
    expect(segmenter.push(talk.subarray(40_000, 400_000))[0]?.firstSample).toBe(40_000);
  });

  it('tells its position and holds 25 seconds and a frame at most', () => {
    const segmenter = createSegmenter({ sampleRate: RATE, detector: exactDetector() });
    const signal = withSilence(60);
    let cut = 0;
    for (let start = 0; start < signal.length; start += 333) {
      for (const segment of segmenter.push(signal.subarray(start, start + 333)))
        cut += segment.samples.length;
      expect(segmenter.position).toBe(Math.min(signal.length, start + 333));
      expect(segmenter.bufferedSamples).toBe(segmenter.position - cut);
      expect(segmenter.bufferedSamples).toBeLessThanOrEqual(25 * RATE + 160);
    }
  });

  it('refuses lengths that it cannot meet', () => {
    const create = (options: Partial<SegmenterOptions>) => () =>
      createSegmenter({ sampleRate: RATE, ...options });
    expect(create({ minSeconds: 0 })).toThrow(RangeError);
    expect(create({ minSeconds: NaN })).toThrow(RangeError);
    expect(create({ minSeconds: 10, maxSeconds: 10.19 })).toThrow(RangeError);
    expect(create({ maxSeconds: Infinity })).toThrow(RangeError);
    expect(create({ minPauseMs: 0 })).toThrow(RangeError);
    expect(create({ sampleRate: 7999 })).toThrow(RangeError);
    expect(create({ detector: exactDetector(801) })).toThrow(RangeError);
  });
});
