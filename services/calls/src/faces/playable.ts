import { EarshotError } from '@earshot/protocol';
import type { CallName, Calls, CallView } from '../ports.ts';

/** The call, if audio can be played into it here, so that nothing is fetched or opened for one that cannot. */
export async function playableCall(calls: Pick<Calls, 'get' | 'carries'>, name: CallName): Promise<CallView> {
  const call = await calls.get(name);
  if (call.state === 'ended') throw new EarshotError('call_not_active');
  if (calls.carries(call.callId)) return call;
  throw new EarshotError('service_unavailable', { message: 'Another node carries this call.' });
}
