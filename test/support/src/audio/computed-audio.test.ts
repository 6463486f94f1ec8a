import { describe, expect, it } from '@jest/globals';
import { computedAudio, findAudioDifference } from './computed-audio.ts';

const SAMPLES = 5000;

function without(audio: Int16Array, from: number, count: number): Int16Array {
  return Int16Array.from([...audio.subarray(0, from), ...audio.subarray(from + count)]);
}

describe('computed audio', () => {
  it('gives the same samples for a range however it is cut', () => {
    const whole = computedAudio(7, 1000, SAMPLES);
    const parts = [...computedAudio(7, 1000, 1234), ...computedAudio(7, 2234, SAMPLES - 1234)];
    expect([...whole]).toEqual(parts);
    expect(findAudioDifference(whole, { seed: 7, fromSample: 1000, samples: SAMPLES })).toBeNull();
  });

  it('differs between seeds and beyond 2^32 samples', () => {
    const window = computedAudio(7, 0, 64);
    expect([...computedAudio(8, 0, 64)]).not.toEqual([...window]);
    expect([...computedAudio(7, 2 ** 32, 64)]).not.toEqual([...window]);
  });

  it('uses both signs and the whole range of levels', () => {
    const audio = computedAudio(1, 0, 100_000);
    expect(Math.max(...audio)).toBeGreaterThan(32_000);
    expect(Math.min(...audio)).toBeLessThan(-32_000);
    expect(Math.abs(audio.reduce((sum, sample) => sum + sample, 0) / audio.length)).toBeLessThan(300);
  });

  it('names lost samples', () => {
    const recorded = without(computedAudio(7, 0, SAMPLES), 2000, 160);
    expect(findAudioDifference(recorded, { seed: 7, samples: SAMPLES })).toMatchObject({
      kind: 'loss',
      at: 2000,
      samples: 160,
    });
  });

  it('names doubled samples', () => {
    const audio = computedAudio(7, 0, SAMPLES);
    const recorded = Int16Array.from([...audio.subarray(0, 2000), ...audio.subarray(1840)]);
    expect(findAudioDifference(recorded, { seed: 7, samples: SAMPLES })).toMatchObject({
      kind: 'duplication',
      at: 2000,
      samples: 160,
    });
  });

  it('names silence, foreign samples, a missing end and an excess', () => {
    const range = { seed: 7, samples: SAMPLES };
    const audio = computedAudio(7, 0, SAMPLES);
    expect(findAudioDifference(Int16Array.from(audio).fill(0, 100, 260), range)).toMatchObject({
      kind: 'silence',
      at: 100,
      samples: 160,
    });
    const foreign = Int16Array.from(audio);
    foreign[100] = (audio[100] ?? 0) ^ 1;
    expect(findAudioDifference(foreign, range)).toMatchObject({ kind: 'foreign', at: 100 });
    expect(findAudioDifference(audio.subarray(0, 4000), range)).toMatchObject({
      kind: 'truncated',
      samples: 1000,
    });
    expect(findAudioDifference(computedAudio(7, 0, SAMPLES + 1), range)).toMatchObject({
      kind: 'excess',
      samples: 1,
    });
  });
});
