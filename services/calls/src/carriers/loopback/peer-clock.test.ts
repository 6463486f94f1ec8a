import { describe, expect, it } from '@jest/globals';
import { PeerClock } from './peer-clock.ts';
import { createHandClock } from './testing/hand-clock.ts';
import { bench } from './testing/loopback-bench.ts';

describe('the clock of all loopback peers', () => {
  it('is one timer, however many peers there are, and none when there is nobody', async () => {
    const { time, dial, carrier } = bench();
    expect(time.timers).toBe(0);
    for (let call = 0; call < 50; call++) await dial('loop:tone');
    expect(time.timers).toBe(1);
    time.pass(100);
    expect(time.timers).toBe(1);
    await carrier.close();
    expect(time.timers).toBe(0);
  });

  it('makes up for a late timer, and gives up what a long standstill cost', async () => {
    const { time, dial } = bench();
    const { handle } = await dial('loop:tone');
    time.pass(20);
    time.pass(190, 190);
    expect(handle.heard).toHaveLength(9);
    time.pass(10);
    expect(handle.heard).toHaveLength(10);
    time.pass(60_000, 60_000);
    expect(handle.heard).toHaveLength(20);
    time.pass(100);
    expect(handle.heard).toHaveLength(25);
  });

  it('goes on for the others when one call fails', async () => {
    const { time, dial, problems } = bench();
    const broken = await dial('loop:tone', {
      audio: () => {
        throw new Error('a broken call');
      },
    });
    const whole = await dial('loop:tone');
    time.pass(1000);
    expect(broken.handle.reason).toBe('failed');
    expect(whole.handle.samplesHeard).toBe(49 * 320);
    expect(problems).toHaveLength(1);
  });

  it('has one timer still when the last member leaves and another joins within a tick', () => {
    const time = createHandClock();
    const clock = new PeerClock(time);
    let joined = 0;
    const leave = clock.join(() => {
      leave();
      clock.join(() => {
        joined += 1;
      });
    });
    time.pass(20);
    expect(time.timers).toBe(1);
    const before = joined;
    time.pass(100);
    expect(joined - before).toBe(5);
    expect(time.timers).toBe(1);
  });

  it('remembers the latest peers whose calls are over, not all', async () => {
    const { time, dial, carrier } = bench();
    for (let call = 0; call < 300; call++) {
      await dial('loop:busy');
      time.pass(20);
    }
    expect(carrier.peer('call_1')).toBeUndefined();
    expect(carrier.peer('call_300')?.figures.state).toBe('over');
  });
});
