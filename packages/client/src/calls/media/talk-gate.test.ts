import { describe, expect, it } from '@jest/globals';
import { TalkGate } from './talk-gate.ts';

const marks = { pauseMs: 500, resumeMs: 250 };

describe('TalkGate', () => {
  it('shuts at the upper level, opens at the lower one, and stays as it is between them', () => {
    const gate = new TalkGate();
    const after = [499, 500, 251, 250, 499, 501].map((bufferedMs) => {
      gate.told({ ...marks, bufferedMs });
      return gate.isShut;
    });
    expect(after).toEqual([false, true, true, false, false, true]);
  });

  it('is open when all was cleared', () => {
    const gate = new TalkGate();
    gate.told({ ...marks, bufferedMs: 9000 });
    gate.cleared();
    expect(gate.isShut).toBe(false);
  });
});
