import { describe, expect, it } from '@jest/globals';
import { forgiving } from './speech-check.ts';

describe('a forgiving speech check', () => {
  it('passes findings on, and counts a failure as speech while telling the log', async () => {
    const told: string[] = [];
    let broken = false;
    const check = forgiving(
      {
        check: () =>
          broken
            ? Promise.reject(new Error('the thread ended'))
            : Promise.resolve({ speech: false, probability: 0.1, coverage: 'whole' as const }),
        close: () => Promise.resolve(),
      },
      { warn: (_fields: unknown, message?: string) => void told.push(String(message)) },
    );
    expect(await check.check(new Int16Array(10))).toMatchObject({ speech: false });
    broken = true;
    expect(await check.check(new Int16Array(10))).toMatchObject({ speech: true });
    expect(told).toHaveLength(1);
  });
});
