import { describe, expect, it } from '@jest/globals';
import { createProgress, progressLine } from './progress.ts';

describe('progressLine', () => {
  it('shows a bar and percent when the end is known', () => {
    const line = progressLine({ label: 'streaming', ratio: 0.5, detail: 'a.wav' }, 80);
    expect(line).toBe(`streaming [${'#'.repeat(12)}${'-'.repeat(12)}] 50% a.wav`);
  });

  it('leaves the bar out when the end is not known', () => {
    expect(progressLine({ label: 'streaming', ratio: undefined, detail: '3 s' }, 80)).toBe('streaming 3 s');
  });

  it.each([-1, 2])('keeps a ratio of %d within the bar', (ratio) => {
    expect(progressLine({ label: 'x', ratio, detail: '' }, 80)).toMatch(/^x \[(#{24}|-{24})\] (0|100)%$/);
  });

  it('never wraps a narrow terminal', () => {
    expect(progressLine({ label: 'streaming', ratio: 1, detail: 'long'.repeat(20) }, 20)).toHaveLength(19);
  });
});

describe('createProgress', () => {
  it('draws over its own line and clears it once', () => {
    const written: string[] = [];
    const progress = createProgress({ isTTY: true, write: (text: string) => written.push(text) });
    progress.show({ label: 'a', ratio: undefined, detail: '' });
    progress.clear();
    progress.clear();
    expect(written).toEqual(['\r\u001b[2Ka', '\r\u001b[2K']);
  });

  it('writes nothing where there is no terminal', () => {
    const written: string[] = [];
    const progress = createProgress({ write: (text: string) => written.push(text) });
    progress.show({ label: 'a', ratio: 0, detail: '' });
    progress.clear();
    expect(written).toEqual([]);
  });
});
