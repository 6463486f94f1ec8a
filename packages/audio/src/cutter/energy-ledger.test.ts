import { describe, expect, it } from '@jest/globals';
import { sumOfSquares } from '../levels.ts';
import { EnergyLedger } from './energy-ledger.ts';

const SIZE = 5;
const signal = Int16Array.from({ length: 60 }, (_, index) => (index * 7919) % 30_000);

/** A ledger of the last four frames that starts at 1000 and has taken some. */
function ledger(frames: number): EnergyLedger {
  const filled = new EnergyLedger(SIZE, 4, 1000);
  for (let frame = 0; frame < frames; frame += 1)
    filled.push(signal.subarray(frame * SIZE, frame * SIZE + SIZE));
  return filled;
}

describe('the energy ledger', () => {
  it('gives the energy of a frame', () => {
    expect(ledger(2).push(signal.subarray(10, 15))).toBe(sumOfSquares(signal, 10, 15));
  });

  it('knows the energy up to each half frame of those remembered', () => {
    const filled = ledger(11);
    for (let frame = 7; frame < 11; frame += 1) {
      for (const end of [frame * SIZE, frame * SIZE + 2])
        expect(filled.until(1000 + end)).toBe(sumOfSquares(signal, 0, end));
    }
    expect(filled.until(1055)).toBe(sumOfSquares(signal, 0, 55));
  });

  it('spreads a half frame evenly', () => {
    const before = sumOfSquares(signal, 0, 50);
    const half = sumOfSquares(signal, 50, 52);
    expect(ledger(11).until(1051)).toBe(before + half / 2);
    const second = sumOfSquares(signal, 52, 55);
    expect(ledger(11).until(1053)).toBeCloseTo(before + half + second / 3, 3);
  });

  it('counts from another place when told', () => {
    const filled = ledger(10);
    filled.startAfter(filled.until(1042));
    expect(filled.until(1050)).toBe(sumOfSquares(signal, 42, 50));
    filled.push(signal.subarray(50, 55));
    expect(filled.until(1047)).toBe(sumOfSquares(signal, 42, 47));
    expect(filled.until(1055)).toBe(sumOfSquares(signal, 42, 55));
  });

  it('forgets everything at a new start', () => {
    const filled = ledger(3);
    filled.restart(2001);
    expect(filled.until(2001)).toBe(0);
    filled.push(signal.subarray(0, 5));
    expect(filled.until(2003)).toBe(sumOfSquares(signal, 0, 2));
  });
});
