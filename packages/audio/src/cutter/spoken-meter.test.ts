import { describe, expect, it } from '@jest/globals';
import { SpokenMeter } from './spoken-meter.ts';

/** What a meter that asks for two clear frames reads after frames: clear, speech that is not, neither. */
function metered(frames: string): number {
  const meter = new SpokenMeter(2);
  for (const frame of frames) meter.push(frame !== '.', frame === 'C');
  return meter.frames;
}

describe('the spoken meter', () => {
  it('counts the whole of a spell that is clear for long enough', () => {
    expect(metered('..sCCs.')).toBe(4);
    expect(metered('sCsCC')).toBe(5);
    expect(metered('CC.CCs.')).toBe(5);
  });

  it('does not count a spell that never is', () => {
    expect(metered('ssCsCs.')).toBe(0);
    expect(metered('CC.sC.C')).toBe(2);
  });
});
