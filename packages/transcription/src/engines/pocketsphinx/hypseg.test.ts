import { describe, expect, it } from '@jest/globals';
import { parseHypsegLine } from './hypseg.ts';

const LINE =
  'segment S 0 T -15 A -14 L -5 0 -17 0 <s> 17 -94 -190 the 27 -56 -547 patient 75 -28 -246 has(2) 94 -2 -5 <sil> 120 -2 -5 ++UH++ 130 -2 -5 [NOISE] 140 -1 -9 </s> 574';

describe('hypseg lines', () => {
  it('give words with times of 10 ms frames, each ending where the next entry begins', () => {
    expect(parseHypsegLine(LINE, 'segment')).toEqual([
      { text: 'the', startMs: 170, endMs: 270 },
      { text: 'patient', startMs: 270, endMs: 750 },
      { text: 'has', startMs: 750, endMs: 940 },
    ]);
  });

  it('end the last word at the last frame', () => {
    const line = 'segment S 0 T -1 A -1 L -6 0 -9 0 <s> 3 -9 -6 dog 998';
    expect(parseHypsegLine(line, 'segment')).toEqual([{ text: 'dog', startMs: 30, endMs: 9980 }]);
  });

  it('give no words for audio without any', () => {
    expect(parseHypsegLine('segment S 0 T 0 A 0 L 0 0', 'segment')).toEqual([]);
  });

  it('are not taken for another id or when they make no sense', () => {
    expect(parseHypsegLine(LINE, 'other')).toBeUndefined();
    expect(parseHypsegLine('', 'segment')).toBeUndefined();
    expect(parseHypsegLine('segment S 0 T 0 A 0 L 0 x -1 -1 word 10', 'segment')).toBeUndefined();
  });
});
