import { describe, expect, it } from '@jest/globals';
import { asSamples, noise, withNoise } from '../testing/noise.ts';
import { type Span, speechLike } from '../testing/speech-like.ts';
import { createFiveBandDetector } from './five-band-detector.ts';

/** The score of every frame of a signal. */
function scores(samples: Int16Array, sampleRate: number): number[] {
  const detector = createFiveBandDetector(sampleRate);
  const size = detector.frameSamples;
  const frames = Math.floor(samples.length / size);
  return Array.from({ length: frames }, (_, index) =>
    detector.push(samples.subarray(index * size, (index + 1) * size)),
  );
}

/** Parts of the frames with a score of a half, well inside phrases and well inside pauses, after two seconds. */
function heard(
  found: number[],
  phrases: readonly Span[],
  frameSamples: number,
): { speech: number; pauses: number } {
  const counts = { speech: [0, 0], pauses: [0, 0] };
  for (const [index, score] of found.entries()) {
    const [start, end] = [index * frameSamples, (index + 1) * frameSamples];
    if (index < 100) continue;
    const inside = phrases.some((phrase) => start >= phrase.start && end <= phrase.end);
    const near = phrases.some((phrase) => end > phrase.start && start < phrase.end + 8 * frameSamples);
    if (near && !inside) continue;
    const count = inside ? counts.speech : counts.pauses;
    count[0]! += score >= 0.5 ? 1 : 0;
    count[1]! += 1;
  }
  return { speech: counts.speech[0]! / counts.speech[1]!, pauses: counts.pauses[0]! / counts.pauses[1]! };
}

const RATES = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

describe('the five-band detector', () => {
  it.each(RATES)('tells speech from pauses at %d Hz, clean and in noise', (sampleRate) => {
    const speech = speechLike({ sampleRate, seconds: 12 }, 3);
    const { frameSamples } = createFiveBandDetector(sampleRate);
    for (const snr of [Infinity, 20, 10]) {
      const found = scores(withNoise(speech, 'pink', snr), sampleRate);
      const { speech: inSpeech, pauses } = heard(found, speech.phrases, frameSamples);
      expect(inSpeech).toBeGreaterThan(0.95);
      expect(pauses).toBeLessThan(0.2);
    }
  });

  it('does not depend on how loud the speech is', () => {
    const speech = speechLike({ sampleRate: 16_000, seconds: 20 }, 4);
    for (const gain of [0, -15, -30]) {
      const { speech: inSpeech, pauses } = heard(
        scores(asSamples(speech.samples, gain), 16_000),
        speech.phrases,
        320,
      );
      expect(inSpeech).toBeGreaterThan(0.9);
      expect(pauses).toBe(0);
    }
  });

  it.each(['white', 'pink'] as const)('is never sure of speech in steady %s noise', (colour) => {
    const steady = noise(colour, 16_000 * 30, 5);
    for (const gain of [30, 50, 70]) {
      const found = scores(asSamples(steady, gain), 16_000);
      expect(Math.max(...found)).toBeLessThan(0.9);
      expect(found.filter((score) => score >= 0.7).length).toBeLessThan(0.02 * found.length);
    }
  });

  it('hears nothing in silence, an offset, a rounding error or a steady hum', () => {
    const hum = Int16Array.from({ length: 160_000 }, (_, index) =>
      Math.round(3000 * Math.sin((index * Math.PI) / 160)),
    );
    const dither = Int16Array.from({ length: 160_000 }, (_, index) => (index * 7919) % 2);
    for (const samples of [new Int16Array(160_000), new Int16Array(160_000).fill(700), dither, hum]) {
      expect(Math.max(...scores(samples, 16_000).slice(3))).toBeLessThan(0.35);
    }
  });

  it('gets used to a noise that sets in, within seven seconds', () => {
    const samples = asSamples(noise('white', 16_000 * 20, 6), 50);
    samples.fill(0, 0, 16_000 * 5);
    const found = scores(samples, 16_000);
    expect(Math.min(...found.slice(255, 300))).toBeGreaterThan(0.5);
    expect(found.slice(12 * 50).filter((score) => score >= 0.7).length).toBeLessThan(10);
  });

  it('is not misled by dropouts in a steady noise', () => {
    const samples = asSamples(noise('pink', 16_000 * 30, 9), 50);
    for (let second = 0; second < 30; second += 8) samples.fill(0, second * 16_000, second * 16_000 + 3200);
    const found = scores(samples, 16_000).slice(2 * 50);
    expect(found.filter((score) => score >= 0.7).length).toBeLessThan(0.03 * found.length);
  });

  it('takes what is 40 dB weaker than the recent peak for no speech', () => {
    const loud = asSamples(speechLike({ sampleRate: 16_000, seconds: 2, pause: [0.1, 0.2] }, 7).samples, 10);
    const weak = asSamples(speechLike({ sampleRate: 16_000, seconds: 2 }, 8).samples, -45);
    const found = scores(Int16Array.from([...loud, ...weak]), 16_000);
    expect(Math.max(...found.slice(105))).toBe(0);
    expect(Math.max(...scores(weak, 16_000))).toBeGreaterThan(0.7);
  });

  it('scores a frame amid other samples as it scores it alone, at any rate', () => {
    for (const rate of [8000, 11_025, 16_000, 48_000]) {
      const samples = asSamples(speechLike({ sampleRate: rate, seconds: 4 }, 9).samples);
      const [alone, amid] = [createFiveBandDetector(rate), createFiveBandDetector(rate)];
      const size = alone.frameSamples;
      for (let start = 3; start + size <= samples.length; start += size) {
        const score = alone.push(samples.slice(start, start + size));
        expect(amid.pushFrom?.(samples, start)).toBe(score);
        expect(amid.spectrum).toEqual(alone.spectrum);
      }
    }
  });

  it('has frames of 20 ms, in whole samples', () => {
    const frames = RATES.map((rate) => createFiveBandDetector(rate).frameSamples);
    expect(frames).toEqual([160, 221, 320, 441, 480, 640, 882, 960]);
  });

  it('refuses rates that it has no bands for', () => {
    for (const rate of [7999, 48_001, 16_000.5, NaN])
      expect(() => createFiveBandDetector(rate)).toThrow(RangeError);
  });
});
