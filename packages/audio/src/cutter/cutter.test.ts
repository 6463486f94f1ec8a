import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rmsDb } from '../levels.ts';
import { createSegmenter } from '../segmenter/segmenter.ts';
import { asSamples, noise, withNoise } from '../testing/noise.ts';
import { speechLike } from '../testing/speech-like.ts';
import type { Cut, Cutter } from './cut.ts';
import type { SegmenterOptions } from './cut-rule.ts';
import { type CutterOptions, createCutter } from './cutter.ts';

const RATE = 8000;
const speech = speechLike({ sampleRate: RATE, seconds: 75 }, 1);
const clean = asSamples(speech.samples);
const signals = [clean, withNoise(speech, 'pink', 10), asSamples(noise('white', 40 * RATE, 2), 50)];

/** All pieces of a signal, pushed in pieces of the given sizes over and over. */
function pieces(cutter: Cutter, samples: Int16Array, sizes = [samples.length]): Cut[] {
  const found: Cut[] = [];
  let start = 0;
  for (let turn = 0; start < samples.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    found.push(...cutter.push(samples.subarray(start, start + size)));
    start += size;
  }
  const rest = cutter.flush();
  return rest === undefined ? found : [...found, rest];
}

function cuts(samples: Int16Array, options: Partial<CutterOptions> = {}, sizes = [samples.length]): Cut[] {
  return pieces(createCutter({ sampleRate: RATE, ...options }), samples, sizes);
}

/** The pieces that a segmenter makes, without their audio. */
function segments(samples: Int16Array, options: Partial<SegmenterOptions> = {}): Cut[] {
  const segmenter = createSegmenter({ sampleRate: RATE, ...options });
  const found = segmenter.push(samples);
  const rest = segmenter.flush();
  return [...found, ...(rest === undefined ? [] : [rest])].map((segment) => ({
    ...segment,
    samples: segment.samples.length,
  }));
}

const size = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 100_000 }));
const rule = fc.record({
  policy: fc.constantFrom('first' as const, 'longest' as const, 'decay' as const),
  minSeconds: fc.double({ min: 0.3, max: 12, noNaN: true }),
  choiceSeconds: fc.double({ min: 0.2, max: 15, noNaN: true }),
});

describe('a cutter', () => {
  it('cuts as a segmenter does, whatever the rule and however the samples are split', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...signals),
        fc.array(size, { minLength: 1, maxLength: 12 }),
        rule,
        (signal, sizes, { choiceSeconds, ...options }) => {
          const limits = { ...options, maxSeconds: options.minSeconds + choiceSeconds + 0.01 };
          expect(cuts(signal, limits, sizes)).toEqual(segments(signal, limits));
        },
      ),
      { numRuns: 40, examples: [[clean, [1], { policy: 'first', minSeconds: 10, choiceSeconds: 15 }]] },
    );
  });

  it('gives pieces that follow each other, with the level of their samples to 0.1 dB', () => {
    for (const signal of signals) {
      for (const options of [{}, { policy: 'longest' }, { minSeconds: 1.234, maxSeconds: 1.77 }] as const) {
        const found = cuts(signal, options);
        let position = 0;
        for (const { firstSample, samples, levelDb } of found) {
          expect(firstSample).toBe(position);
          position += samples;
          expect(Math.abs(levelDb - rmsDb(signal.subarray(firstSample, position)))).toBeLessThan(0.1);
        }
        expect(position).toBe(signal.length);
      }
    }
  });

  it('starts at its origin, and cuts there as it does anywhere', () => {
    const moved = cuts(clean, { origin: 12_345 });
    expect(moved).toEqual(cuts(clean).map((cut) => ({ ...cut, firstSample: cut.firstSample + 12_345 })));
    expect(createCutter({ sampleRate: RATE, origin: 12_345 })).toMatchObject({
      position: 12_345,
      pendingSamples: 0,
      spokenSamples: 0,
    });
    expect(() => createCutter({ sampleRate: RATE, origin: -1 })).toThrow(RangeError);
    expect(() => createCutter({ sampleRate: RATE, origin: 0.5 })).toThrow(RangeError);
  });

  it('goes on after a flush, also in the middle of a frame', () => {
    const cutter = createCutter({ sampleRate: RATE });
    const first = pieces(cutter, clean.subarray(0, 25_001));
    const rest = pieces(cutter, clean.subarray(25_001));
    expect(first).toMatchObject([{ firstSample: 0, samples: 25_001, cut: 'end' }]);
    expect(first[0]!.levelDb).toBe(rmsDb(clean.subarray(0, 25_001)));
    expect(rest[0]!.firstSample).toBe(25_001);
    const end = 25_001 + rest[0]!.samples;
    expect(rest[0]!.levelDb).toBeCloseTo(rmsDb(clean.subarray(25_001, end)), 2);
    expect(rest.reduce((sum, { samples }) => sum + samples, 25_001)).toBe(clean.length);
    expect(cutter.flush()).toBeUndefined();
  });

  it('tells its position and what is pending', () => {
    const cutter = createCutter({ sampleRate: RATE });
    let cut = 0;
    for (let start = 0; start < clean.length; start += 333) {
      for (const { samples } of cutter.push(clean.subarray(start, start + 333))) cut += samples;
      expect(cutter.position).toBe(Math.min(clean.length, start + 333));
      expect(cutter.pendingSamples).toBe(cutter.position - cut);
      expect(cutter.pendingSamples).toBeLessThanOrEqual(25 * RATE + 160);
    }
  });

  it('counts the samples of speech, and none in noise or silence', () => {
    const spoken = (samples: Int16Array): number => {
      const cutter = createCutter({ sampleRate: RATE });
      cutter.push(samples);
      return cutter.spokenSamples;
    };
    const talked = speech.phrases.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(spoken(clean) / talked).toBeGreaterThan(0.9);
    expect(spoken(clean) / talked).toBeLessThan(1.2);
    expect(spoken(asSamples(noise('white', 60 * RATE, 3), 50))).toBe(0);
    expect(spoken(new Int16Array(60 * RATE))).toBe(0);
    expect(spoken(asSamples(speech.samples, -75))).toBe(0);
  });
});
