import { describe, expect, it } from '@jest/globals';
import { asSamples, noise } from '../testing/noise.ts';
import { createStreamInspector } from './stream-inspector.ts';

const RATE = 8000;
const sound = asSamples(noise('pink', RATE, 1), 40);
const silence = new Int16Array(RATE);

/** Warnings for two tracks that get a second of samples each second. */
function warnings(agent: Int16Array, caller: Int16Array): string[] {
  const inspector = createStreamInspector();
  const found: string[] = [];
  for (let second = 0; second < 45; second += 1) {
    const facts = { elapsedMs: 1000 * second, spokenSamples: 0 };
    for (const [track, samples] of [
      ['agent', agent],
      ['caller', caller],
    ] as const) {
      for (const issue of inspector.push({ track, sampleRate: RATE, samples }, facts))
        found.push(`${String(issue.details?.['track'])} ${issue.type}`);
    }
  }
  return found;
}

describe('a stream inspector', () => {
  it('warns of a silent track while another is not', () => {
    expect(warnings(sound, silence)).toEqual(['caller digital_silence']);
    expect(warnings(silence, sound)).toEqual(['agent digital_silence']);
  });

  it('takes two silent tracks for a pause', () => {
    expect(warnings(silence, silence)).toEqual([]);
  });

  it('counts from the position that a track starts at', () => {
    const inspector = createStreamInspector();
    const frame = { track: 'mic', sampleRate: RATE, samples: new Int16Array(31 * RATE), firstSample: 500 };
    const [issue] = inspector.push(frame, { elapsedMs: 0, spokenSamples: 0 });
    expect(issue?.details?.['at_sample']).toBe(500 + 31 * RATE);
  });
});
