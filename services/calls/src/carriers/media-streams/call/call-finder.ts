import type { FormatEvent } from '@earshot/dialects';
import { EarshotError, type LineRecord } from '@earshot/protocol';
import type { StreamContext } from '../media-streams-deps.ts';
import { callKey, StandingCall, type StandingCalls } from './standing-calls.ts';

interface Finder {
  readonly context: Pick<StreamContext, 'takeIncoming' | 'claimers'>;
  readonly calls: StandingCalls;
  readonly line: LineRecord;
}

/**
 * The call of a stream that has introduced itself: the one that an earlier stream of the same call brought, or one that
 * was placed from here, or a new one that comes in. Throws `call_not_found` for a stream that names a call which is
 * over, and what `TakeIncoming` rejects with.
 */
export async function findCall(finder: Finder, stream: FormatEvent): Promise<StandingCall> {
  const make = async (): Promise<StandingCall> => makeCall(finder, stream);
  const { callId } = stream;
  return callId === null ? await make() : await finder.calls.obtain(callKey(finder.line, callId), make);
}

async function makeCall({ context, line }: Finder, stream: FormatEvent): Promise<StandingCall> {
  const { callId: externalCallId, parameters } = stream;
  const claimer = context.claimers.get(line.carrier);
  const claim = claimer?.claimStream({ lineId: line.lineId, externalCallId, parameters });
  if (claim?.kind === 'refuse') throw new EarshotError('call_not_found');
  if (claim?.kind === 'attach') return new StandingCall(claim.handle);
  const incoming: { call?: StandingCall; isRejected: boolean } = { isRejected: false };
  const handle = await context.takeIncoming({
    tenant: line.tenant,
    line,
    peer: stream.from ?? 'unknown',
    externalCallId,
    // The platform answered the call before it opened the stream: it is connected already.
    accept: () => undefined,
    reject: () => {
      incoming.isRejected = true;
      incoming.call?.hangup();
    },
  });
  incoming.call = new StandingCall(handle);
  if (incoming.isRejected) incoming.call.retire();
  return incoming.call;
}
