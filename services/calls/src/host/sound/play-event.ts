import type { PlayoutEvent } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';
import type { CallEvent } from '../call-event.ts';

/** The event of a clip that began or ended; `count` makes it one of its own when a clip is played again. */
export function playEvent(event: Exclude<PlayoutEvent, { type: 'mark' }>, count: number): CallEvent {
  const { playId } = event;
  const nonce = `${playId}-${count}`;
  if (event.type === 'play_started') return { type: 'call.play.started', nonce, data: { playId } };
  const heardMs = Math.round((event.heardSamples * 1000) / LIMITS.callSampleRate);
  return { type: 'call.play.ended', nonce, data: { playId, heardMs, complete: event.complete } };
}
