import { describe, expect, it } from '@jest/globals';
import { NoiseFloor } from './noise-floor.ts';

function listen(floor: NoiseFloor, energy: number, frames: number, speech: number): void {
  for (let frame = 0; frame < frames; frame += 1) {
    floor.bound(energy);
    floor.follow(energy, speech);
  }
}

describe('the noise floor', () => {
  it('takes the first frame for noise, unless it is silent', () => {
    const floor = new NoiseFloor();
    listen(floor, 1000, 1, 0);
    expect(floor.level).toBe(1000);
    const silent = new NoiseFloor();
    listen(silent, 0, 1, 0);
    expect(silent.level).toBeGreaterThan(0);
  });

  it('stays where it is while there is speech', () => {
    const floor = new NoiseFloor();
    listen(floor, 1000, 100, 0);
    listen(floor, 50_000, 100, 1);
    expect(floor.level).toBe(1000);
  });

  it('falls within two seconds and rises slowly', () => {
    const floor = new NoiseFloor();
    listen(floor, 1000, 100, 0);
    listen(floor, 100, 100, 0);
    expect(floor.level).toBeLessThan(110);
    listen(floor, 300, 5, 0);
    expect(floor.level).toBeLessThan(200);
    listen(floor, 300, 100, 0);
    expect(floor.level).toBeGreaterThan(290);
  });

  it('takes what stays for seven seconds for noise, even if it was called speech', () => {
    const floor = new NoiseFloor();
    listen(floor, 1000, 100, 0);
    listen(floor, 50_000, 350, 1);
    expect(floor.level).toBeCloseTo(50_000, -2);
  });

  it('does not fall in a short dropout', () => {
    const floor = new NoiseFloor();
    listen(floor, 1000, 200, 0);
    listen(floor, 0, 20, 0);
    listen(floor, 1000, 1, 0);
    expect(floor.level).toBeCloseTo(1000, -1);
    listen(floor, 1000, 300, 1);
    expect(floor.level).toBeCloseTo(1000, -1);
  });

  it('gets over silence at the start within two seconds', () => {
    const floor = new NoiseFloor();
    listen(floor, 0, 20, 0);
    listen(floor, 1000, 90, 1);
    expect(floor.level).toBeCloseTo(1000, -1);
  });
});
