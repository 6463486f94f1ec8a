import type { Log } from '@earshot/runtime';
import type { CallHandle } from '../ports.ts';
import type { LiveCall } from './live-call.ts';

interface HandleDeps {
  /** Puts the carrier's id on record. */
  readonly name: (externalCallId: string) => Promise<void>;
  readonly log: Log;
}

/** What a carrier tells of a call, as inputs of the call. */
export function createHandle(call: LiveCall, { name, log }: HandleDeps): CallHandle {
  const { callId } = call.record;
  let events = 0;
  const nonce = (): string => String(++events);
  return {
    callId,
    named(externalCallId) {
      if (call.externalCallId === externalCallId) return;
      call.named(externalCallId);
      name(externalCallId).catch((error: unknown) => {
        log.warn({ call: callId, err: error }, "the carrier's id of a call could not be put on record");
      });
    },
    ringing: () => void call.apply({ type: 'ringing' }),
    connected: (link) => call.connect(link),
    audio: (samples) => call.hear(samples),
    lost: (samples) => call.lose(samples),
    dtmf: (digit) => call.event({ type: 'call.dtmf', nonce: nonce(), data: { digit } }),
    warning: (type, message) =>
      call.event({ type: 'call.warning', nonce: nonce(), data: { warning: type, message } }),
    unlinked: () => call.unlink(),
    ended: (reason) => void call.end(reason),
  };
}
