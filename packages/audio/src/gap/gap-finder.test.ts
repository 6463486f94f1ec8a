import { describe, expect, it } from '@jest/globals';
import { asSamples, withNoise } from '../testing/noise.ts';
import { speechLike } from '../testing/speech-like.ts';
import { createFiveBandDetector } from '../vad/five-band-detector.ts';
import { GapFinder } from './gap-finder.ts';

const RATE = 16_000;
const FRAME = RATE / 50;
const speech = speechLike({ sampleRate: RATE, seconds: 60, pause: [0.15, 0.5] }, 21);

/** The frames at which a signal is cut. */
function gaps(
  samples: Int16Array,
  rule = { earliest: 500, latest: 1250 },
): { frame: number; sure: boolean }[] {
  const detector = createFiveBandDetector(RATE);
  const finder = new GapFinder(rule, 0);
  const found = [];
  for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
    detector.push(samples.subarray(start, start + FRAME));
    finder.push(detector.spectrum!.energies, true);
    for (let gap = finder.next(); gap !== undefined; gap = finder.next()) found.push(gap);
  }
  return found;
}

function isBetweenPhrases({ frame }: { frame: number }): boolean {
  const place = frame * FRAME;
  return !speech.phrases.some(({ start, end }) => place > start + FRAME && place < end - FRAME);
}

describe('the finder of gaps', () => {
  it.each([Infinity, 20, 10])('finds places between phrases in noise at %d dB', (snr) => {
    const found = gaps(withNoise(speech, 'pink', snr));
    expect(found.length).toBeGreaterThan(3);
    expect(found.filter((gap) => !isBetweenPhrases(gap))).toEqual([]);
    expect(found.every(({ sure }) => sure)).toBe(true);
  });

  it('cuts at the last moment where no place is good', () => {
    const rapid = speechLike({ sampleRate: RATE, seconds: 30, phrase: [30, 30] }, 22);
    const [first] = gaps(asSamples(rapid.samples));
    expect(first?.frame).toBeGreaterThanOrEqual(500);
    expect(first?.frame).toBeLessThanOrEqual(1250);
  });

  it('finds a place amid silence at once', () => {
    const finder = new GapFinder({ earliest: 100, latest: 200 }, 0);
    for (let frame = 0; frame < 200; frame += 1) finder.push(new Float64Array(5), false);
    expect(finder.next()).toEqual({ frame: 100, sure: true });
  });

  it('cannot find any in half a second', () => {
    expect(GapFinder.canMeet({ earliest: 2, latest: 12 })).toBe(false);
    expect(GapFinder.canMeet({ earliest: 500, latest: 1250 })).toBe(true);
  });
});
