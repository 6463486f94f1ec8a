import { describe, expect, it } from '@jest/globals';
import { Positions } from './positions.ts';

/** A stream that begins at sample 100 of its session and has sent `samples`. */
function sent(samples: number): Positions {
  const positions = new Positions();
  positions.resumeAt(100);
  positions.buffer.append(new Uint8Array(samples * 2));
  positions.advance(samples * 2);
  return positions;
}

describe('Positions', () => {
  it('count from the beginning of the session', () => {
    expect(sent(50).progress).toEqual({
      accepted: 150,
      sent: 150,
      received: 100,
      durable: 100,
      archived: 100,
    });
  });

  it('let go of durable audio only', () => {
    const positions = sent(50);
    expect(positions.acknowledge({ received: 150, durable: 120, archived: 110 })).toBe(true);
    expect(positions.firstSample).toBe(120);
    expect(positions.acknowledge({ received: 150, durable: 120 })).toBe(false);
  });

  it('do not believe that more is durable than was sent', () => {
    const positions = sent(50);
    positions.acknowledge({ received: 900, durable: 900, archived: 900 });
    expect(positions.progress).toMatchObject({ received: 150, durable: 150, archived: 150 });
  });

  it('go back to what the server still needs, and say what is missing then', () => {
    const positions = sent(50);
    positions.acknowledge({ received: 150, durable: 120 });
    expect(positions.resumeAt(130)).toEqual({ missing: 0 });
    expect(positions.cursor).toBe(60);
    expect(positions.resumeAt(105)).toEqual({ missing: 15 });
    expect(positions.cursor).toBe(40);
    expect(positions.resumeAt(151)).toBe('foreign');
  });

  it('hold an odd byte back until its other half comes', () => {
    const positions = new Positions();
    positions.resumeAt(0);
    positions.buffer.append(new Uint8Array(5));
    expect(positions.wholeEnd).toBe(4);
  });
});
