import type { Gap } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { GapLedger } from './gap-ledger.ts';

const gap = (from: number, to: number, reason: Gap['reason'] = 'missing_frames'): Gap => ({
  track: 'main',
  from,
  to,
  reason,
});

describe('the gaps of a session on a node', () => {
  it('become one where they touch and have one reason', () => {
    const ledger = new GapLedger(10);
    for (const each of [gap(0, 5), gap(5, 9), gap(9, 12, 'dropped')]) ledger.add(each);
    expect(ledger.placed([])).toEqual([gap(0, 9), gap(9, 12, 'dropped')]);
  });

  it('are refused when there are too many', () => {
    const ledger = new GapLedger(1);
    ledger.add(gap(0, 1));
    expect(() => ledger.add(gap(2, 3))).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
  });

  it('grow around what is a gap already when audio turns out to be damaged', () => {
    const ledger = new GapLedger(10, [gap(4, 6)]);
    ledger.damage({ track: 'main', from: 2, to: 9 });
    expect(ledger.placed([])).toEqual([gap(2, 4, 'corrupt'), gap(4, 6), gap(6, 9, 'corrupt')]);
  });

  it('move with the audio around them, in two pieces where it moved in between', () => {
    const ledger = new GapLedger(10, [gap(0, 5), gap(1280, 1600), gap(1700, 1710)]);
    const relocations = [
      { track: 'main' as const, from: 1380, shift: 1674 },
      { track: 'inbound' as const, from: 0, shift: 9 },
    ];
    expect(ledger.placed(relocations)).toEqual([
      gap(0, 5),
      gap(1280, 1380),
      gap(3054, 3274),
      gap(3374, 3384),
    ]);
  });
});
