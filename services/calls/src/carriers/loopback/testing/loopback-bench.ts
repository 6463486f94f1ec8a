import { createCallRecorder, type RecorderHooks } from '../../testing/call-recorder.ts';
import { testLine } from '../../testing/line.ts';
import { createLoopbackCarrier, type LoopbackOptions, type PeerView } from '../loopback-carrier.ts';
import { createHandClock } from './hand-clock.ts';

export const line = testLine();

/** A carrier on time that moves by hand. */
export function bench(options: Partial<LoopbackOptions> = {}) {
  const time = createHandClock();
  const problems: unknown[] = [];
  const log = { error: (...parts: unknown[]) => problems.push(parts) };
  const carrier = createLoopbackCarrier({ log, time, ...options });
  let calls = 0;
  const dial = async (to: string, hooks: RecorderHooks = {}) => {
    calls += 1;
    const handle = createCallRecorder(`call_${calls}`, hooks);
    const placed = await carrier.originate({ line, callId: handle.callId, to, handle });
    const peer: PeerView | undefined = carrier.peer(handle.callId);
    if (peer === undefined) throw new Error('the carrier does not know the call');
    return { handle, cancel: () => placed.cancel(), peer };
  };
  return { time, carrier, dial, problems };
}
