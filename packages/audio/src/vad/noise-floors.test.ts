import { describe, expect, it } from '@jest/globals';
import { NoiseFloors } from './noise-floors.ts';

/** The floors of two bands, of which the second hears ten times as much as the first. */
function listen(floors: NoiseFloors, energy: number, frames: number, speech: number): void {
  for (let frame = 0; frame < frames; frame += 1) {
    for (const band of [0, 1]) floors.bound(band, energy * 10 ** band);
    floors.endFrame();
    for (const band of [0, 1]) floors.follow(band, energy * 10 ** band, speech);
  }
}

describe('the noise floor', () => {
  it('takes the first frame for noise, unless it is silent', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 1000, 1, 0);
    expect(floor.level(0)).toBe(1000);
    const silent = new NoiseFloors(2);
    listen(silent, 0, 1, 0);
    expect(silent.level(0)).toBeGreaterThan(0);
  });

  it('stays where it is while there is speech', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 1000, 100, 0);
    listen(floor, 50_000, 100, 1);
    expect(floor.level(0)).toBe(1000);
  });

  it('falls within two seconds and rises slowly', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 1000, 100, 0);
    listen(floor, 100, 100, 0);
    expect(floor.level(0)).toBeLessThan(110);
    listen(floor, 300, 5, 0);
    expect(floor.level(0)).toBeLessThan(200);
    listen(floor, 300, 100, 0);
    expect(floor.level(0)).toBeGreaterThan(290);
  });

  it('takes what stays for seven seconds for noise, even if it was called speech', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 1000, 100, 0);
    listen(floor, 50_000, 350, 1);
    expect(floor.level(0)).toBeCloseTo(50_000, -2);
  });

  it('does not fall in a short dropout', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 1000, 200, 0);
    listen(floor, 0, 20, 0);
    listen(floor, 1000, 1, 0);
    expect(floor.level(0)).toBeCloseTo(1000, -1);
    listen(floor, 1000, 300, 1);
    expect(floor.level(0)).toBeCloseTo(1000, -1);
  });

  it('gets over silence at the start within two seconds', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 0, 20, 0);
    listen(floor, 1000, 90, 1);
    expect(floor.level(0)).toBeCloseTo(1000, -1);
  });

  it('knows each band apart', () => {
    const floor = new NoiseFloors(2);
    listen(floor, 1000, 400, 0);
    expect(floor.level(1)).toBeCloseTo(10 * floor.level(0), 6);
  });
});
