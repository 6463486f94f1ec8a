import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PeerLink } from '../../ports.ts';
import { createCallRecorder } from '../testing/call-recorder.ts';
import { testLine } from '../testing/line.ts';
import { PlacedCall } from './placed-call.ts';

const LINK: PeerLink = { send: () => undefined, clear: () => undefined, hangup: () => undefined };

function place() {
  const handle = createCallRecorder('call_1');
  const hungUp: string[] = [];
  let over = 0;
  const call = new PlacedCall(
    { line: testLine(), callId: 'call_1', to: '+15550123', handle },
    {
      hangUp: (callSid) => hungUp.push(callSid),
      over: () => {
        over += 1;
      },
    },
  );
  return { call, handle, hungUp, overs: () => over };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('the story of a placed call', () => {
  it('keeps callbacks that overtake the answer to the order until it is there', () => {
    const { call, handle } = place();
    call.status('initiated', 'CA1');
    call.status('ringing', 'CA1');
    expect(handle.told).toEqual([]);
    call.placed('CA1');
    expect(handle.told).toEqual(['named CA1', 'ringing']);
  });

  it('may be over before the answer to the order is there', () => {
    const { call, handle, overs } = place();
    call.status('busy', 'CA1');
    call.placed('CA1');
    expect(handle.told).toEqual(['named CA1', 'ended busy']);
    expect(overs()).toBe(1);
  });

  it('rings once, and not when it was answered before, in whatever order it is told', () => {
    const twice = place();
    twice.call.placed('CA1');
    for (const status of ['ringing', 'ringing'] as const) twice.call.status(status, 'CA1');
    expect(twice.handle.told).toEqual(['named CA1', 'ringing']);
    const late = place();
    late.call.placed('CA1');
    for (const status of ['in-progress', 'ringing'] as const) late.call.status(status, 'CA1');
    expect(late.handle.told).toEqual(['named CA1']);
  });

  it('hears nothing of another call, and nothing once it is over', () => {
    const { call, handle } = place();
    call.placed('CA1');
    call.status('completed', 'CA2');
    expect(handle.reason).toBeUndefined();
    call.status('canceled', 'CA1');
    call.status('failed', 'CA1');
    call.status('ringing', 'CA1');
    expect(handle.told).toEqual(['named CA1', 'ended hangup']);
  });

  it('waits a moment for the end of the stream when Twilio says first that it is over', () => {
    const { call, handle } = place();
    call.placed('CA1');
    const stream = call.claim('CA1')!;
    stream.connected(LINK);
    call.status('completed', 'CA1');
    call.status('completed', 'CA1');
    jest.advanceTimersByTime(900);
    stream.audio(new Int16Array(320));
    expect(handle.samplesHeard).toBe(320);
    expect(handle.reason).toBeUndefined();
    jest.advanceTimersByTime(100);
    expect(handle.told).toEqual(['named CA1', 'connected', 'ended peer_hangup']);
  });

  it('waits no longer when the stream ends or breaks meanwhile', () => {
    for (const finish of ['ended', 'unlinked'] as const) {
      const { call, handle, hungUp } = place();
      call.placed('CA1');
      const stream = call.claim('CA1')!;
      stream.connected(LINK);
      call.status('completed', 'CA1');
      if (finish === 'ended') stream.ended('peer_hangup');
      else stream.unlinked();
      expect(handle.reason).toBe('peer_hangup');
      expect(hungUp).toEqual([]);
    }
  });

  it('goes on when its stream breaks and another comes', () => {
    const { call, handle } = place();
    call.placed('CA1');
    const first = call.claim('CA1')!;
    first.connected(LINK);
    expect(call.claim('CA1')).toBeNull();
    first.unlinked();
    call.claim('CA1')!.connected(LINK);
    expect(handle.told).toEqual(['named CA1', 'connected', 'unlinked', 'connected']);
  });

  it('learns its SID from a stream that overtakes the answer to the order', () => {
    const { call, handle } = place();
    call.claim('CA1')!.connected(LINK);
    call.placed('CA1');
    expect(handle.told).toEqual(['named CA1', 'connected']);
  });

  it('is ended at the API too when its stream ends it for another reason than the peer', () => {
    const { call, handle, hungUp, overs } = place();
    call.placed('CA1');
    const stream = call.claim('CA1')!;
    stream.connected(LINK);
    stream.ended('failed');
    stream.ended('peer_hangup');
    expect(hungUp).toEqual(['CA1']);
    expect(handle.told).toEqual(['named CA1', 'connected', 'ended failed']);
    expect(overs()).toBe(1);
  });

  it('closes a stream that connects after it was given up', () => {
    const { call, handle, hungUp } = place();
    let closed = 0;
    call.placed('CA1');
    const stream = call.claim('CA1')!;
    call.hangUp();
    stream.connected({ ...LINK, hangup: () => (closed += 1) });
    expect(closed).toBe(1);
    expect(hungUp).toEqual(['CA1']);
    expect(handle.told).toEqual(['named CA1']);
  });
});
