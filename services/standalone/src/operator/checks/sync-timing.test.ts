import { describe, expect, it } from '@jest/globals';
import { judgeSyncs } from './sync-timing.ts';

const times = (usual: number, worst = usual): number[] => [
  ...Array.from({ length: 97 }, () => usual),
  worst,
  worst,
  worst,
];

describe('judgeSyncs', () => {
  it('doubts a disk that is faster than any', () => {
    expect(judgeSyncs(times(0.002)).verdict).toBe('warn');
    expect(judgeSyncs(times(0.002)).sentence).toMatch(/0\.002 ms.*too fast for a disk/);
  });

  it('is content with what disks take, and says how long', () => {
    expect(judgeSyncs(times(0.025, 2)).verdict).toBe('ok');
    expect(judgeSyncs(times(12, 40))).toEqual({
      verdict: 'ok',
      sentence: 'a sync of 4 KB takes 12.000 ms, at worst 40.000 ms (p50, p99 of 100)',
    });
  });

  it('warns of a disk that lets acknowledgements wait, mostly or now and then', () => {
    expect(judgeSyncs(times(31)).verdict).toBe('warn');
    expect(judgeSyncs(times(5, 251)).verdict).toBe('warn');
  });
});
