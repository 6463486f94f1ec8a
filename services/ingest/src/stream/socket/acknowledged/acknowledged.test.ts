import { describe, expect, it } from '@jest/globals';
import { AckPacer } from './ack-pacer.ts';
import { CreditLine } from './credit-line.ts';
import { retryAfterMs } from './retry-hint.ts';

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe('the pace of acks', () => {
  it('is at once for the first, and then one an interval however often something moves', async () => {
    let now = 0;
    const at: number[] = [];
    const pacer = new AckPacer(
      20,
      () => now,
      () => at.push(now),
    );
    pacer.moved();
    for (now = 1; now < 20; now += 1) pacer.moved();
    expect(at).toEqual([0]);
    now = 25;
    await new Promise((done) => setTimeout(done, 60));
    expect(at).toEqual([0, 25]);
    await new Promise((done) => setTimeout(done, 60));
    expect(at).toEqual([0, 25]);
    pacer.stop();
  });

  it('is at once again after a quiet interval', () => {
    let now = 0;
    const at: number[] = [];
    const pacer = new AckPacer(
      20,
      () => now,
      () => at.push(now),
    );
    for (now of [0, 20, 100]) pacer.moved();
    expect(at).toEqual([0, 20, 100]);
  });

  it('owes nothing when it is stopped', async () => {
    let acks = 0;
    const pacer = new AckPacer(
      5,
      () => 0,
      () => (acks += 1),
    );
    pacer.moved();
    pacer.moved();
    pacer.stop();
    await new Promise((done) => setTimeout(done, 20));
    expect(acks).toBe(1);
  });
});

describe('a credit line', () => {
  it('is overdrawn by one byte more than was granted, until enough is durable', async () => {
    const commits: (() => void)[] = [];
    const line = new CreditLine(100, () => new Promise((resolve) => commits.push(resolve)));
    line.take(100);
    expect(line.wait()).toBeUndefined();
    line.take(1);
    const wait = line.wait();
    expect(wait).toBeInstanceOf(Promise);
    expect(commits).toHaveLength(1);
    commits[0]!();
    await wait;
    expect(line.wait()).toBeUndefined();
  });

  it('asks again while the first answer is not enough, and never twice at once', async () => {
    const commits: (() => void)[] = [];
    const line = new CreditLine(10, () => new Promise((resolve) => commits.push(resolve)));
    line.take(5);
    void line.wait();
    let isRepaid = false;
    for (let i = 0; i < 10; i += 1) {
      line.take(50);
      void line.wait()?.then(() => (isRepaid = true));
    }
    expect(commits).toHaveLength(1);
    commits[0]!();
    await settled();
    expect([isRepaid, commits.length]).toEqual([false, 2]);
    commits[1]!();
    await settled();
    expect(isRepaid).toBe(true);
  });

  it('is never repaid by a disk that failed', async () => {
    const line = new CreditLine(1, () => Promise.reject(new Error('the disk failed')));
    line.take(2);
    let isRepaid = false;
    void line.wait()?.then(() => (isRepaid = true));
    await settled();
    expect(isRepaid).toBe(false);
    expect(line.wait()).toBeInstanceOf(Promise);
  });
});

describe('the hint when to connect again', () => {
  it('is spread over time, and given only where connecting again helps', () => {
    expect([1000, 1001, 1002, 1003, 1007, 1008, 4409].map((code) => retryAfterMs(code, () => 0.5))).toEqual(
      Array.from({ length: 7 }, () => undefined),
    );
    for (const code of [1011, 1012, 1013]) {
      const [least, most] = [retryAfterMs(code, () => 0) ?? 0, retryAfterMs(code, () => 0.999) ?? 0];
      expect(least).toBeGreaterThan(0);
      expect(most).toBeGreaterThan(least * 2);
    }
  });
});
