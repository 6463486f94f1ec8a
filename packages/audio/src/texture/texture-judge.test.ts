import { describe, expect, it } from '@jest/globals';
import { LevelHistory } from '../gap/level-history.ts';
import { holdMusic } from '../testing/hold-music.ts';
import { asSamples, noise, withNoise } from '../testing/noise.ts';
import { speechLike } from '../testing/speech-like.ts';
import { createFiveBandDetector } from '../vad/five-band-detector.ts';
import { TEXTURE_FRAMES } from './texture-figures.ts';
import { TextureJudge } from './texture-judge.ts';

const RATE = 16_000;
const FRAME = RATE / 50;

/** Whether each four seconds of a signal may be speech. */
function verdicts(samples: Int16Array): boolean[] {
  const detector = createFiveBandDetector(RATE);
  const judge = new TextureJudge();
  const history = new LevelHistory(TEXTURE_FRAMES, 0);
  const found: boolean[] = [];
  for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
    detector.push(samples.subarray(start, start + FRAME));
    history.push(detector.spectrum!.energies);
    if (history.count % TEXTURE_FRAMES === 0) {
      found.push(judge.mayBeSpeech(history, history.count - TEXTURE_FRAMES));
    }
  }
  return found;
}

describe('the judge of textures', () => {
  const speech = speechLike({ sampleRate: RATE, seconds: 40 }, 31);

  it.each([Infinity, 20, 10])('takes speech in noise at %d dB for speech', (snr) => {
    expect(verdicts(withNoise(speech, 'pink', snr))).not.toContain(false);
  });

  it('does not take steady noise for speech', () => {
    for (const colour of ['white', 'pink'] as const) {
      expect(verdicts(asSamples(noise(colour, 40 * RATE, 32), 50))).not.toContain(true);
    }
  });

  it('does not take most music for speech', () => {
    const tune = { sampleRate: RATE, seconds: 40, hertz: 196, notesPerSecond: 3, voices: 2 };
    const found = verdicts(asSamples(holdMusic(tune, 33)));
    expect(found.filter((verdict) => verdict).length).toBeLessThan(found.length / 4);
  });
});
