import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ENGINE_SAMPLE_RATE as RATE } from '../../engine/engine.ts';
import { utterancesOf } from './utterances.ts';

const LONGEST_SECONDS = 60;

const silence = (seconds: number) => new Int16Array(Math.round(seconds * RATE));

/** A buzz that swells four times a second, as syllables do. */
function voice(seconds: number): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * RATE) }, (_, index) => {
    const turns = (2 * Math.PI * index) / RATE;
    let value = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic += 1)
      value += Math.sin(130 * harmonic * turns) / harmonic;
    return 4000 * (1.1 + Math.sin(4 * turns)) * value;
  });
}

/** The same every time. */
function noise(seconds: number, amplitude: number): Int16Array {
  let state = 1;
  return silence(seconds).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return amplitude * ((2 * state) / 2 ** 32 - 1);
  });
}

function joined(...parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const startsOf = (samples: Int16Array) =>
  utterancesOf(samples, LONGEST_SECONDS).map(({ firstSample }) => firstSample / RATE);

describe('utterances', () => {
  it('are cut in the middle of long pauses only', () => {
    const spoken = [voice(3), silence(0.6), voice(2.5), silence(0.1), voice(2), silence(0.8), voice(1.5)];
    const starts = startsOf(joined(...spoken));
    expect(starts).toHaveLength(3);
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(3.1);
    expect(starts[1]).toBeLessThan(3.5);
    expect(starts[2]).toBeGreaterThan(8.3);
    expect(starts[2]).toBeLessThan(8.9);
  });

  it('are found in noise as well', () => {
    const spoken = joined(voice(3), silence(0.6), voice(2.5), silence(0.6), voice(3));
    const hiss = noise(spoken.length / RATE, 300);
    expect(startsOf(spoken.map((value, index) => value + (hiss[index] ?? 0)))).toHaveLength(3);
  });

  it('part words from a long silence or noise, which is not cut further', () => {
    const starts = startsOf(joined(silence(8), voice(3), noise(12, 100), voice(3)));
    expect(starts).toHaveLength(4);
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(6);
    expect(starts[1]).toBeLessThan(8);
    expect(starts[2]).toBeGreaterThan(11);
    expect(starts[2]).toBeLessThan(12);
    expect(starts[3]).toBeGreaterThan(21);
    expect(starts[3]).toBeLessThan(23);
  });

  it('are one for speech without pauses, for noise, for silence and for very short audio', () => {
    const alone = [voice(LONGEST_SECONDS), noise(30, 6000), silence(25), voice(0.05), new Int16Array(1)];
    for (const samples of alone) {
      const [only, ...others] = utterancesOf(samples, LONGEST_SECONDS);
      expect(only?.firstSample).toBe(0);
      expect(only?.samples.length).toBe(samples.length);
      expect(others).toEqual([]);
    }
  });

  it('are none of no audio', () => {
    expect(utterancesOf(new Int16Array(0), LONGEST_SECONDS)).toEqual([]);
  });

  it('join to exactly the audio, whatever it is', () => {
    const part = fc.tuple(
      fc.constantFrom(voice, silence, (seconds: number) => noise(seconds, 2000)),
      fc.double({ min: 0, max: 4, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const samples = joined(...parts.map(([make, seconds]) => make(seconds)));
        const utterances = utterancesOf(samples, LONGEST_SECONDS);
        const rejoined = joined(...utterances.map((utterance) => utterance.samples));
        expect(rejoined.every((value, index) => value === samples[index])).toBe(true);
        let at = 0;
        for (const utterance of utterances) {
          expect(utterance.firstSample).toBe(at);
          expect(utterance.samples.length).toBeGreaterThan(0);
          at += utterance.samples.length;
        }
        expect(at).toBe(samples.length);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});
