import type { SessionRef } from '@earshot/protocol';
import type { EdgeContext } from './edge-context.ts';

/** A session, named by itself or by its stream's capability. */
export type Target = { readonly ref: SessionRef } | { readonly streamId: string };

/** Rejects with `session_not_found` for a capability that leads nowhere. */
export async function findTarget(
  context: Pick<EdgeContext, 'sessions'>,
  target: Target,
): Promise<SessionRef> {
  return 'ref' in target ? target.ref : await context.sessions.findStream(target.streamId);
}
