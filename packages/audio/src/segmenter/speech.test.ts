import { describe, expect, it } from '@jest/globals';
import { asSamples, type NoiseColour, noise, withNoise } from '../testing/noise.ts';
import { speechLike } from '../testing/speech-like.ts';
import type { CutSegment } from './segment.ts';
import { createSegmenter } from './segmenter.ts';

const RATE = 8000;
const EDGE_SAMPLES = 0.02 * RATE;

function segments(samples: Int16Array): CutSegment[] {
  const segmenter = createSegmenter({ sampleRate: RATE });
  const found = segmenter.push(samples);
  const rest = segmenter.flush();
  return rest === undefined ? found : [...found, rest];
}

describe('speech', () => {
  const speech = speechLike({ sampleRate: RATE, seconds: 100 }, 11);
  const conditions: [NoiseColour, number][] = [
    ['white', Infinity],
    ['white', 20],
    ['white', 10],
    ['pink', 20],
    ['pink', 10],
  ];

  it.each(conditions)('is cut in its pauses, in %s noise at %d dB', (colour, snr) => {
    const found = segments(withNoise(speech, colour, snr)).slice(0, -1);
    const inside = found.filter(({ firstSample, samples }) => {
      const end = firstSample + samples.length;
      return speech.phrases.some(
        (phrase) => end > phrase.start + EDGE_SAMPLES && end < phrase.end - EDGE_SAMPLES,
      );
    });
    expect(found.length).toBeGreaterThan(5);
    expect(inside).toEqual([]);
    expect(found.every((segment) => segment.cut === 'pause')).toBe(true);
  });

  it('without pauses is cut between 10 and 25 seconds all the same', () => {
    const rapid = speechLike({ sampleRate: RATE, seconds: 60, phrase: [30, 30], pause: [0.1, 0.1] }, 12);
    const found = segments(asSamples(rapid.samples)).slice(0, -1);
    expect(found.map(({ cut }) => cut)).toContain('forced');
    for (const { samples } of found) {
      expect(samples.length).toBeGreaterThanOrEqual(10 * RATE);
      expect(samples.length).toBeLessThanOrEqual(25 * RATE);
    }
  });

  it('is never marked as no speech, however quiet or noisy', () => {
    const speech = speechLike({ sampleRate: RATE, seconds: 40 }, 17);
    const signals = [
      ...[10, 0, -20, -30].map((gain) => asSamples(speech.samples, gain)),
      ...[20, 10, 5, 0].map((snr) => withNoise(speech, 'pink', snr)),
    ];
    for (const signal of signals) expect(segments(signal).filter((segment) => !segment.speech)).toEqual([]);
  });

  it('is found even if it is one word in twelve seconds of noise', () => {
    const word = speechLike({ sampleRate: RATE, seconds: 12, phrase: [0.3, 0.3], pause: [20, 20] }, 13);
    for (const snr of [Infinity, 20, 10]) {
      const late = { ...word, samples: new Float64Array(word.samples.length) };
      const shift = 6 * RATE;
      late.samples.set(word.samples.subarray(0, -shift), shift);
      const phrases = word.phrases.map(({ start, end }) => ({ start: start + shift, end: end + shift }));
      const found = segments(withNoise({ ...late, phrases }, 'pink', snr));
      expect(found.some((segment) => segment.speech)).toBe(true);
    }
  });
});

describe('a segment without speech', () => {
  it('is digital silence', () => {
    const found = segments(new Int16Array(30 * RATE));
    expect(found.map(({ speech, speechRatio, levelDb }) => [speech, speechRatio, levelDb])).toEqual([
      [false, 0, -120],
      [false, 0, -120],
      [false, 0, -120],
    ]);
  });

  it('is steady noise', () => {
    for (const colour of ['white', 'pink'] as const) {
      const found = segments(asSamples(noise(colour, 40 * RATE, 14), 55));
      expect(found.length).toBeGreaterThan(1);
      expect(found.filter((segment) => segment.speech)).toEqual([]);
    }
  });

  it('is anything too quiet to hear', () => {
    const whisper = asSamples(speechLike({ sampleRate: RATE, seconds: 12 }, 15).samples, -75);
    expect(segments(whisper).map(({ speech }) => speech)).toEqual(segments(whisper).map(() => false));
  });

  it('must be a second long, unless it is quiet', () => {
    const half = asSamples(noise('white', RATE / 2, 16), 55);
    expect(segments(half)[0]?.speech).toBe(true);
    expect(segments(half.subarray(0, 100))[0]?.speech).toBe(true);
    expect(segments(new Int16Array(RATE / 2))[0]?.speech).toBe(false);
  });
});
