import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteOrderCheck, isDigitalSilence } from './byte-order-check.ts';

const RATE = 8000;

function bytesOf(samples: readonly number[], bigEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, at) => {
    view.setInt16(at * 2, sample, !bigEndian);
  });
  return new Uint8Array(view.buffer);
}

function decide(samples: readonly number[], wire: { bigEndian: boolean; expected: boolean }, cut = 320) {
  const check = new ByteOrderCheck(RATE, wire.expected);
  const bytes = bytesOf(samples, wire.bigEndian);
  let looked = 0;
  while (looked < bytes.length && !check.look(bytes.subarray(looked, looked + cut))) looked += cut;
  return { bigEndian: check.bigEndian, looked };
}

const tone = (hertz: number, level: number, samples: number) =>
  Array.from({ length: samples }, (_, at) => Math.round(level * Math.sin((2 * Math.PI * hertz * at) / RATE)));
/** Uniform noise from a linear congruential generator. */
const noise = (level: number, samples: number) => {
  let state = 1;
  return Array.from({ length: samples }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.round((state / 1_073_741_824 - 1) * level);
  });
};

describe('ByteOrderCheck', () => {
  const both = fc.record({ bigEndian: fc.boolean(), expected: fc.boolean() });

  it('finds the order of a voiced sound whatever was expected', () => {
    fc.assert(
      fc.property(
        both,
        fc.integer({ min: 80, max: 700 }),
        fc.integer({ min: 1000, max: 30_000 }),
        (wire, hertz, level) => {
          expect(decide(tone(hertz, level, 4000), wire).bigEndian).toBe(wire.bigEndian);
        },
      ),
    );
  });

  it('needs no more than a little audible sound', () => {
    const { looked } = decide(tone(200, 8000, 16_000), { bigEndian: true, expected: false });
    expect(looked).toBeLessThan(2 * RATE * 2 * (LIMITS.byteOrderEvidenceMs / 1000));
  });

  it('finds the order of near-silence, where one reading is far louder', () => {
    for (const bigEndian of [true, false]) {
      for (const expected of [true, false]) {
        expect(decide(noise(20, 20_000), { bigEndian, expected }).bigEndian).toBe(bigEndian);
      }
    }
  });

  it.each([
    ['loud noise', noise(12_000, 20_000)],
    ['a high tone', tone(2950, 12_000, 20_000)],
    ['nothing', []],
  ])('keeps the expected order for %s', (_, samples) => {
    for (const bigEndian of [true, false]) {
      expect(decide(samples, { bigEndian, expected: bigEndian }).bigEndian).toBe(bigEndian);
    }
  });

  it('waits no longer than its limit', () => {
    const { looked } = decide(noise(12_000, 40_000), { bigEndian: false, expected: false });
    const limitBytes = (2 * RATE * LIMITS.byteOrderHoldMs) / 1000;
    expect(looked).toBeGreaterThan(limitBytes - 640);
    expect(looked).toBeLessThanOrEqual(limitBytes);
  });

  it('learns nothing from silence at the start and does not wait for its end', () => {
    const samples = [...new Array<number>(40_000).fill(0), ...tone(300, 9000, 3000)];
    expect(decide(samples, { bigEndian: false, expected: true }).bigEndian).toBe(false);
  });

  it('decides the same however the bytes are cut', () => {
    const samples = [...noise(300, 1500), ...tone(300, 9000, 3000), ...noise(9000, 12_000)];
    const wire = { bigEndian: false, expected: true };
    const whole = decide(samples, wire, samples.length * 2).bigEndian;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (half) => {
        expect(decide(samples, wire, half * 2).bigEndian).toBe(whole);
      }),
      { numRuns: 20 },
    );
  });
});

describe('isDigitalSilence', () => {
  it('is nothing but zeros', () => {
    expect(isDigitalSilence(new Uint8Array(100))).toBe(true);
    expect(isDigitalSilence(Uint8Array.of(0, 0, 1, 0))).toBe(false);
  });
});
