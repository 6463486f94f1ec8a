import { describe, expect, it } from '@jest/globals';
import { sumOfSquares } from '../levels.ts';
import { EnergyLedger } from './energy-ledger.ts';

const SIZE = 5;
const signal = Int16Array.from({ length: 60 }, (_, index) => (index * 7919) % 30_000);

const energyOf = (frame: number): number => sumOfSquares(signal, frame * SIZE, frame * SIZE + SIZE);

/** A ledger of the last four frames that starts at 1000 and has taken some. */
function ledger(frames: number): EnergyLedger {
  const filled = new EnergyLedger(SIZE, 4, 1000);
  for (let frame = 0; frame < frames; frame += 1) filled.push(energyOf(frame));
  return filled;
}

describe('the energy ledger', () => {
  it('knows the energy up to each of the frames remembered', () => {
    const filled = ledger(11);
    for (let frame = 7; frame <= 11; frame += 1) {
      expect(filled.until(1000 + frame * SIZE)).toBe(sumOfSquares(signal, 0, frame * SIZE));
    }
  });

  it('spreads a frame evenly', () => {
    const before = sumOfSquares(signal, 0, 50);
    expect(ledger(11).until(1051)).toBeCloseTo(before + energyOf(10) / 5, 3);
    expect(ledger(11).until(1054)).toBeCloseTo(before + (energyOf(10) * 4) / 5, 3);
  });

  it('counts from another place when told', () => {
    const filled = ledger(10);
    filled.startAfter(filled.until(1040));
    expect(filled.until(1050)).toBe(sumOfSquares(signal, 40, 50));
    filled.push(energyOf(10));
    expect(filled.until(1045)).toBe(sumOfSquares(signal, 40, 45));
    expect(filled.until(1055)).toBe(sumOfSquares(signal, 40, 55));
  });

  it('forgets everything at a new start', () => {
    const filled = ledger(3);
    filled.restart(2001);
    expect(filled.until(2001)).toBe(0);
    filled.push(energyOf(0));
    expect(filled.until(2006)).toBe(energyOf(0));
  });
});
