import { wordErrorRate } from '@earshot/transcription';
import { describe, expect, it } from '@jest/globals';
import { errorsBySentence } from './alignment.ts';

const SAID = ['Tell me where it hurts', 'Here on the right', 'Does it move'];

describe('errors by sentence', () => {
  it('are none where everything was heard, whatever the case', () => {
    expect(errorsBySentence(SAID, 'tell me where it hurts here on the right does it move')).toEqual([
      0, 0, 0,
    ]);
  });

  it('count what was replaced, left out and added where it was', () => {
    expect(errorsBySentence(SAID, 'tell me wear it hurts here on right does it really move')).toEqual([
      1, 1, 1,
    ]);
  });

  it('count a word between two sentences against the first', () => {
    expect(errorsBySentence(SAID, 'tell me where it hurts uh here on the right does it move')).toEqual([
      1, 0, 0,
    ]);
  });

  it('are all words when nothing was heard, and all that was heard of nothing', () => {
    expect(errorsBySentence(SAID, '')).toEqual([5, 4, 3]);
    expect(errorsBySentence(['a'], 'b c d')).toEqual([3]);
    expect(errorsBySentence([], 'b c d')).toEqual([]);
  });

  it('add up to the word error rate', () => {
    const heard = 'tell where where it hurt on the the right a house it moved up and down';
    const sum = errorsBySentence(SAID, heard).reduce((total, errors) => total + errors, 0);
    expect(sum / 12).toBeCloseTo(wordErrorRate(SAID.join(' '), heard));
  });
});
