import { describe, expect, it } from '@jest/globals';
import { GatheredAudio } from './gathered-audio.ts';

const frame = (track: 'inbound' | 'outbound', samples: number[], sampleRate = 8000) => ({
  track,
  sampleRate,
  samples: Int16Array.from(samples),
});

describe('gathered audio', () => {
  it('is one frame for each track, in the order in which it came', () => {
    const gathered = new GatheredAudio();
    gathered.add(frame('inbound', [1, 2]));
    gathered.add(frame('outbound', [9]));
    gathered.add(frame('inbound', [3]));
    expect(gathered.take()).toEqual([frame('inbound', [1, 2, 3]), frame('outbound', [9])]);
    expect(gathered.take()).toEqual([]);
  });

  it('keeps frames apart that differ in their rate, for the session to refuse', () => {
    const gathered = new GatheredAudio();
    gathered.add(frame('inbound', [1]));
    gathered.add(frame('inbound', [2], 16_000));
    expect(gathered.take()).toEqual([frame('inbound', [1]), frame('inbound', [2], 16_000)]);
  });
});
