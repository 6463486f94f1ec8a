import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MediaTap } from '../../../ports.ts';
import { TalkLine } from './talk-line.ts';

const MOST = (LIMITS.talkMaxMs * LIMITS.callSampleRate) / 1000;

/** A call that takes at most `MOST` samples ahead, and whose peer hears them on demand. */
function callThatTakes() {
  const said: (number | string)[] = [];
  let waiting = 0;
  let refusals = 0;
  const tap: MediaTap = {
    callId: 'call_a',
    talk(samples) {
      if (waiting + samples.length > MOST) {
        refusals += 1;
        return false;
      }
      waiting += samples.length;
      said.push(...samples);
      return true;
    },
    mark: (name) => said.push(name),
    clear: () => {
      waiting = 0;
    },
    get bufferedMs() {
      return Math.ceil((waiting * 1000) / LIMITS.callSampleRate);
    },
    missed: () => undefined,
    detach: () => undefined,
  };
  const hear = (samples: number): void => {
    waiting = Math.max(0, waiting - samples);
  };
  return { tap, said, hear, refusals: () => refusals };
}

function lineInto(tap: MediaTap) {
  let isRead = true;
  const reading = {
    pause: () => {
      isRead = false;
    },
    resume: () => {
      isRead = true;
    },
  };
  const line = new TalkLine(tap, reading, { pauseMs: 500, resumeMs: 250 });
  return { line, isRead: () => isRead };
}

describe('the line of a talker', () => {
  it('brings everything to the call once, in order, whatever the sizes and however fast the peer hears', () => {
    const message = fc.oneof(fc.integer({ min: 0, max: 550_000 }), fc.constant('mark'));
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.integer({ min: 1000, max: 400_000 }),
        (messages, pace) => {
          const call = callThatTakes();
          const { line } = lineInto(call.tap);
          const expected: (number | string)[] = [];
          let next = 0;
          for (const one of messages) {
            if (typeof one === 'string') {
              line.mark(`m${next}`);
              expected.push(`m${next}`);
            } else {
              const samples = Int16Array.from({ length: one }, (_, index) => next + index);
              line.audio(samples);
              for (const sample of samples) expected.push(sample);
              next += one;
            }
          }
          for (let round = 0; line.isHolding && round < 5000; round += 1) {
            call.hear(pace);
            line.pump();
          }
          expect(call.said.length).toBe(expected.length);
          expect(call.said.every((item, index) => item === expected[index])).toBe(true);
          expect(call.refusals()).toBe(0);
        },
      ),
      { numRuns: 6 },
    );
  });

  it('stops reading at the upper mark and goes on at the lower one', () => {
    const call = callThatTakes();
    const { line, isRead } = lineInto(call.tap);
    line.audio(new Int16Array(7984));
    expect(isRead()).toBe(true);
    line.audio(new Int16Array(16));
    expect(isRead()).toBe(false);
    call.hear(3984);
    line.pump();
    expect(isRead()).toBe(false);
    call.hear(16);
    line.pump();
    expect(isRead()).toBe(true);
  });

  it('tells how far the client is ahead, with what the call has not taken', () => {
    const call = callThatTakes();
    const { line } = lineInto(call.tap);
    line.audio(new Int16Array(MOST + 16_000));
    expect(line.bufferedMs).toBe(LIMITS.talkMaxMs + 1000);
    expect(call.tap.bufferedMs).toBe(LIMITS.talkMaxMs);
  });

  it('drops on clear what was held, names the marks among it, and reads on', () => {
    const call = callThatTakes();
    const { line, isRead } = lineInto(call.tap);
    line.mark('told by the call');
    line.audio(new Int16Array(MOST + 1));
    line.mark('a');
    line.audio(new Int16Array(5));
    line.mark('b');
    expect(line.clear()).toEqual(['a', 'b']);
    expect([line.isHolding, line.bufferedMs, isRead()]).toEqual([false, 0, true]);
    expect(call.said.filter((item) => typeof item === 'string')).toEqual(['told by the call']);
  });
});
