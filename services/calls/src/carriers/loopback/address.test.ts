import { EarshotError } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseLoopbackAddress } from './address.ts';

const echo = {
  outcome: 'answer',
  ringMs: 0,
  voice: { kind: 'echo' },
  hangupMs: null,
  goneMs: null,
  backMs: null,
  stallMs: null,
  burstMs: 0,
  driftPpm: 0,
  lossPercent: 0,
  dtmf: '',
  bufferMs: 40,
};

describe('a loopback address', () => {
  it.each([
    ['loop:echo', {}],
    ['loop:silent', { voice: { kind: 'silent' } }],
    ['loop:tone', { voice: { kind: 'tone', hz: 440, levelDb: -20 } }],
    ['loop:tone?hz=1000&level=-6.5', { voice: { kind: 'tone', hz: 1000, levelDb: -6.5 } }],
    ['loop:speak', { voice: { kind: 'speak', file: null } }],
    ['loop:speak?file=greeting', { voice: { kind: 'speak', file: 'greeting' } }],
    ['loop:slow', { burstMs: 300 }],
    ['loop:slow?by=1s', { burstMs: 1000 }],
    ['loop:gone', { goneMs: 2000 }],
    ['loop:gone?after=1.5s&back=2s', { goneMs: 1500, backMs: 2000 }],
    ['loop:stall?after=1s', { stallMs: 1000 }],
    ['loop:hangup?after=3s', { hangupMs: 3000 }],
    ['loop:busy', { outcome: 'busy' }],
    ['loop:busy?after=1s', { outcome: 'busy', ringMs: 1000 }],
    ['loop:reject', { outcome: 'peer_rejected', ringMs: 500 }],
    ['loop:no-answer', { outcome: 'no_answer', ringMs: null }],
    ['loop:no-answer?after=2s', { outcome: 'no_answer', ringMs: 2000 }],
    ['loop:ring?for=1s', { ringMs: 1000 }],
    ['loop:drift?ppm=-500', { voice: { kind: 'tone', hz: 440, levelDb: -20 }, driftPpm: -500 }],
    ['loop:echo?ring=500ms&hangup=10s', { ringMs: 500, hangupMs: 10_000 }],
    [
      'loop:silent?loss=5&dtmf=12*%23&buffer=100ms',
      { voice: { kind: 'silent' }, lossPercent: 5, dtmf: '12*#', bufferMs: 100 },
    ],
    ['+15550100', { ringMs: 200 }],
  ])('%s says how the peer behaves', (to, behaviour) => {
    expect(parseLoopbackAddress(to)).toEqual({ ...echo, ...behaviour });
  });

  it.each([
    ['', /reaches numbers/],
    ['15550100', /reaches numbers/],
    ['+0155', /reaches numbers/],
    ['loop:', /reaches numbers/],
    ['loop:constructor', /reaches numbers/],
    ['loop:echo&ring=1s', /reaches numbers/],
    ['loop:echo?rings=1s', /wrong/],
    ['loop:echo?ring=1', /wrong ring: .*500ms/],
    ['loop:echo?ring=13h', /wrong ring/],
    ['loop:echo?ring=1000m', /wrong ring/],
    ['loop:tone?hz=8000', /wrong hz/],
    ['loop:tone?hz=4e2', /wrong hz/],
    ['loop:speak?file=../secret', /wrong file/],
    ['loop:echo?loss=100', /wrong loss/],
    ['loop:echo?dtmf=X', /wrong dtmf/],
    ['loop:echo?__proto__=1', /wrong/],
  ])('%p is refused with the part that is wrong', (to, message) => {
    expect(() => parseLoopbackAddress(to)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringMatching(message) }),
    );
  });

  it('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `loop:echo?${text}`),
        ),
        (to) => {
          try {
            expect(parseLoopbackAddress(to).bufferMs).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(EarshotError);
          }
        },
      ),
    );
  });
});
