import { describe, expect, it } from '@jest/globals';
import { BufferReport } from './buffer-report.ts';

const create = (): BufferReport => new BufferReport({ pauseMs: 500, resumeMs: 250, everyMs: 250 });

describe('the report of a talker’s fill level', () => {
  it('is due when a watermark is crossed, each way, and not when the level swings between them', () => {
    const report = create();
    const levels = [0, 499, 500, 499, 300, 251, 250, 300, 499, 500, 100];
    const due = levels.map((level, index) => report.due(level, index)?.bufferedMs);
    expect(due).toEqual([
      undefined,
      undefined,
      500,
      undefined,
      undefined,
      undefined,
      250,
      undefined,
      undefined,
      500,
      100,
    ]);
  });

  it('is repeated while the level stays above the upper mark, but not sooner than agreed', () => {
    const report = create();
    const due = [0, 100, 249, 250, 300, 499, 500].map((now) => report.due(800.4, now)?.bufferedMs);
    expect(due).toEqual([800, undefined, undefined, 800, undefined, undefined, 800]);
  });

  it('names the marks, in whole milliseconds', () => {
    expect(create().due(512.7, 0)).toEqual({ type: 'buffer', bufferedMs: 513, pauseMs: 500, resumeMs: 250 });
  });
});
