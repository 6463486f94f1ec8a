import { describe, expect, it } from '@jest/globals';
import { synthesizeSpeech } from './speech.ts';

describe('synthesized speech', () => {
  it('has the length of a spoken sentence at each rate, whatever characters the text holds', async () => {
    const text = "It's 5 o'clock: time [for] tea, isn't it?";
    const wide = await synthesizeSpeech(text);
    const narrow = await synthesizeSpeech(text, { sampleRate: 8000, voice: 'kal' });
    expect(wide.length / 16_000).toBeGreaterThan(1.5);
    expect(narrow.length / 8000).toBeGreaterThan(1.5);
    expect(Math.max(...wide)).toBeGreaterThan(3000);
  });
});
