import { describe, expect, it } from '@jest/globals';
import { CredentialWatch } from './credential-watch.ts';
import { FloodGuard } from './flood-guard.ts';
import { KeepAlive } from './keep-alive.ts';

describe('keep-alive of a media client', () => {
  it('pings at its interval and gives a client up after two pings without a sign of life', () => {
    const keepAlive = new KeepAlive(20, 0);
    expect([19, 20, 39, 40, 59, 60].map((now) => keepAlive.check(now))).toEqual([
      'fine',
      'ping',
      'fine',
      'ping',
      'fine',
      'gone',
    ]);
  });

  it('keeps a client that only answers, for ever', () => {
    const keepAlive = new KeepAlive(20, 0);
    for (let now = 20; now < 4000; now += 20) {
      expect(keepAlive.check(now)).toBe('ping');
      keepAlive.heard();
    }
  });

  it('holds no silence against a client while it is not read, or while the process was held up', () => {
    const keepAlive = new KeepAlive(20, 0);
    keepAlive.check(20);
    keepAlive.check(40);
    keepAlive.deaf(59);
    expect([60, 79].map((now) => keepAlive.check(now))).toEqual(['fine', 'ping']);
    const stalled = new KeepAlive(20, 0);
    stalled.check(20);
    stalled.check(40);
    expect(stalled.check(90_000)).toBe('fine');
  });
});

describe('the flood guard of a media client', () => {
  it('allows the set number in each second, and not one more', () => {
    const guard = new FloodGuard(2);
    expect([0, 999, 999, 1000, 1001, 1999, 3000].map((now) => guard.exceeds(now))).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe('the watch over a credential', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('asks at its interval, one question at a time, and again when an answer is overdue', async () => {
    let asked = 0;
    const never = new Promise<boolean>(() => undefined);
    const watch = new CredentialWatch(
      () => {
        asked += 1;
        return asked === 1 ? Promise.resolve(true) : never;
      },
      { everyMs: 2000, now: 0 },
      { revoked: () => expect(true).toBe(false), unknown: () => expect(true).toBe(false) },
    );
    for (const now of [1999, 2000]) watch.check(now);
    await settled();
    expect(asked).toBe(1);
    for (const now of [3999, 4000, 6000, 13_999]) watch.check(now);
    expect(asked).toBe(2);
    watch.check(14_000);
    expect(asked).toBe(3);
  });

  it('tells a no apart from an answer that cannot be had, of which it tells once in a row', async () => {
    const told: string[] = [];
    const down = () => Promise.reject(new Error('down'));
    const answers = [down, down, () => Promise.resolve(true), down, () => Promise.resolve(false)];
    const watch = new CredentialWatch(
      () => answers.shift()?.() ?? Promise.resolve(true),
      { everyMs: 1, now: 0 },
      { revoked: () => told.push('revoked'), unknown: () => told.push('unknown') },
    );
    for (const now of [1, 2, 3, 4, 5]) {
      watch.check(now);
      await settled();
    }
    expect(told).toEqual(['unknown', 'unknown', 'revoked']);
  });
});
