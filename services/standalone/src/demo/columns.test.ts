import { describe, expect, it } from '@jest/globals';
import { sideBySide } from './columns.ts';

describe('sideBySide', () => {
  it('wraps both texts at words and keeps the right one in its column', () => {
    const left = { title: 'said', text: 'one two three four' };
    const right = { title: 'heard', text: 'one too' };
    expect(sideBySide(left, right, 9)).toEqual([
      'said        heard',
      '---------   ---------',
      'one two     one too',
      'three',
      'four',
    ]);
  });

  it('keeps a word that is longer than the column', () => {
    const lines = sideBySide({ title: 'a', text: 'antidisestablishment x' }, { title: 'b', text: '' }, 6);
    expect(lines.slice(2)).toEqual(['antidisestablishment', 'x']);
  });
});
