import { describe, expect, it } from '@jest/globals';
import { FileSet } from './file-set.ts';

describe('the files of a journal', () => {
  it('keep their headers until they are made, however many begin meanwhile', () => {
    const files = new FileSet((count) => new Uint8Array(count).fill(7));
    const first = files.next(1, undefined);
    const area = files.areaOf(first);
    const second = files.next(1, first);
    expect(files.areaOf(first)).toBe(area);
    expect(files.areaOf(second)).not.toBe(area);
    files.made(first);
    expect(() => files.areaOf(first)).toThrow('already');
    files.made(second);
    expect([first.made, second.made]).toEqual([true, true]);
  });
});
