import { describe, expect, it } from '@jest/globals';
import { saysNoSpeech, suspicionOf } from './guards.ts';
import { compressionRatio, hasRepeatedRun, isLoop } from './repetition.ts';

const segment = (text: string, ms: number) => ({ text, startMs: 0, endMs: ms });

describe('repetition', () => {
  it('is a run of one to four words that stands four times in a row', () => {
    expect(hasRepeatedRun('no no no no')).toBe(true);
    expect(hasRepeatedRun('and then we go and then we go and then we go and then we go')).toBe(true);
    expect(hasRepeatedRun('No no NO no way')).toBe(true);
  });

  it('is not three times, nor the same word elsewhere', () => {
    expect(hasRepeatedRun('no no no way')).toBe(false);
    expect(hasRepeatedRun('and then we go and then we go and then we go')).toBe(false);
    expect(hasRepeatedRun('the cat the dog the cow the hen the pig')).toBe(false);
    expect(hasRepeatedRun('')).toBe(false);
  });

  it('of longer phrases shows in how well the text packs', () => {
    const phrase = 'thank you for watching this video please subscribe to the channel ';
    expect(compressionRatio(phrase.repeat(4))).toBeGreaterThan(2.4);
    expect(isLoop(phrase.repeat(4))).toBe(true);
    expect(isLoop(phrase)).toBe(false);
    expect(compressionRatio('')).toBe(0);
  });
});

describe('guards', () => {
  it('believe in silence only when both the probability and the words say so', () => {
    const both = { ...segment('thank you', 2000), noSpeechProb: 0.7, avgLogprob: -1.2 };
    expect(saysNoSpeech(both)).toBe(true);
    expect(saysNoSpeech({ ...both, avgLogprob: -0.5 })).toBe(false);
    expect(saysNoSpeech({ ...both, noSpeechProb: 0.6 })).toBe(false);
    expect(saysNoSpeech(segment('thank you', 2000))).toBe(false);
  });

  it('doubt speech that is faster than people speak', () => {
    expect(suspicionOf(segment('one two three four five six seven eight', 1000))).toBe('too_fast');
    expect(suspicionOf(segment('one two three four five six seven eight', 2000))).toBeUndefined();
    expect(suspicionOf(segment('antidisestablishmentarianism internationalisation of a and b', 1500))).toBe(
      'too_fast',
    );
    expect(suspicionOf(segment('yes please do', 100))).toBeUndefined();
  });

  it('doubt words that are unlikely and oddly long or short', () => {
    const odd = { text: 'x', startMs: 0, endMs: 50, confidence: 0.1 };
    const fine = { text: 'x', startMs: 0, endMs: 300, confidence: 0.9 };
    expect(suspicionOf({ ...segment('x x', 2000), words: [odd, odd] })).toBe('anomalous_words');
    expect(suspicionOf({ ...segment('x x', 2000), words: [odd, fine] })).toBeUndefined();
    const short = { ...fine, endMs: 50 };
    expect(suspicionOf({ ...segment('a b c d', 2000), words: [short, short, short] })).toBeUndefined();
  });

  it('doubt loops', () => {
    expect(suspicionOf(segment('bye bye bye bye', 20_000))).toBe('loop');
  });
});
