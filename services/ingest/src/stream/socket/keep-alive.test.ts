import { describe, expect, it } from '@jest/globals';
import { FloodGuard } from './flood-guard.ts';
import { KeepAlive } from './keep-alive.ts';

const limits = { pingIntervalMs: 20, streamIdleMs: 300 };

describe('keep-alive', () => {
  it('pings at its interval and gives a peer up after two pings without an answer', () => {
    const keepAlive = new KeepAlive(limits, 0);
    expect(keepAlive.check(19)).toBe('fine');
    expect(keepAlive.check(20)).toBe('ping');
    expect(keepAlive.check(39)).toBe('fine');
    expect(keepAlive.check(40)).toBe('ping');
    expect(keepAlive.check(60)).toBe('gone');
  });

  it('keeps a peer that answers pings or sends messages', () => {
    const keepAlive = new KeepAlive(limits, 0);
    for (let now = 20; now < 200; now += 20) {
      expect(keepAlive.check(now)).toBe('ping');
      if (now % 40 === 0) keepAlive.pong();
      else keepAlive.message(now);
    }
  });

  it('calls a peer idle that answers pings but sends nothing', () => {
    const keepAlive = new KeepAlive(limits, 0);
    for (let now = 20; now < 300; now += 20) {
      expect(keepAlive.check(now)).toBe('ping');
      keepAlive.pong();
    }
    expect(keepAlive.check(300)).toBe('idle');
  });

  it('holds nothing against a peer that we did not read from', () => {
    const keepAlive = new KeepAlive(limits, 0);
    keepAlive.check(20);
    keepAlive.check(40);
    keepAlive.paused(1000);
    expect(keepAlive.check(1019)).toBe('fine');
    expect(keepAlive.check(1020)).toBe('ping');
  });
});

describe('keep-alive in a process that was held up', () => {
  it('judges no peer by the time in which it could not be heard', () => {
    const keepAlive = new KeepAlive({ pingIntervalMs: 20_000, streamIdleMs: 300_000 }, 0);
    for (let now = 1000; now <= 41_000; now += 1000) keepAlive.check(now);
    expect(keepAlive.check(900_000)).toBe('fine');
    expect(keepAlive.check(901_000)).toBe('fine');
  });
});

describe('the flood guard', () => {
  it('allows the set number in each second, and not one more', () => {
    const guard = new FloodGuard(3);
    expect([1000, 1300, 1999].map((now) => guard.exceeds(now))).toEqual([false, false, false]);
    expect(guard.exceeds(1999)).toBe(true);
    expect(guard.exceeds(2000)).toBe(false);
  });
});
