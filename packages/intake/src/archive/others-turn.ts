import type { JournalStream } from '@earshot/journal';
import type { IntakeContext } from '../context.ts';
import { pause, type Stop } from '../time/waiting.ts';

const LOOK_AGAIN_MS = 500;

/** True while another node that was let in later may still add to a session. */
export async function othersFeed(
  context: Pick<IntakeContext, 'index' | 'sessions' | 'node'>,
  { ref, epoch }: Pick<JournalStream, 'ref' | 'epoch'>,
): Promise<boolean> {
  // Who waits for our lease to be given back has not begun yet: the tail goes first.
  if ((await context.index.liveStream(ref))?.node === context.node) return false;
  const claims = await context.sessions.openClaims(ref);
  return claims.some((claim) => claim.node !== context.node && claim.epoch > epoch);
}

type TurnContext = Pick<IntakeContext, 'index' | 'sessions' | 'node' | 'time' | 'limits'>;

/**
 * Waits until no other node adds to a session, as only then is it known where its tracks end. A node that was told of the
 * End and is silent for two lives of a lease will not come back in time. Rejects when it cannot be told.
 */
export async function othersAreDone(
  context: TurnContext,
  stream: Pick<JournalStream, 'ref' | 'epoch'>,
  stop: Stop,
): Promise<void> {
  const { time, limits, sessions } = context;
  let endingAt: number | undefined;
  while (!stop.stopped && (await othersFeed(context, stream))) {
    const { fate } = await sessions.fateOf(stream.ref);
    if (fate === 'over' || fate === 'gone') return;
    if (fate === 'ending') endingAt ??= time.elapsedMs();
    if (time.elapsedMs() - (endingAt ?? Infinity) > limits.streamLeaseMs * 2) return;
    await pause(time, LOOK_AGAIN_MS, stop);
  }
}
