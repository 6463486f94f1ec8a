import { EarshotError } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallName } from '../../ports.ts';
import { actorOf } from '../caller.ts';

/** Routes of one number: its own key, and errors as Pilot Status writes them. */
export const NUMBER_ROUTE = { access: 'tenant', scope: 'line', errors: 'flat' } as const;
/** Routes of the tenant. */
export const TENANT_ROUTE = { access: 'tenant', scope: 'tenant', errors: 'flat' } as const;

export const CALL_TAGS = ['calls (Pilot Status)'];
export const LINE_TAGS = ['lines and keys'];

export const CallParams = z.object({
  callId: z.string().describe("`call_…`, or the carrier's own id"),
});

/** The call of a request: on the line of its key, and nowhere else. */
export function callNameOf(request: FastifyRequest): CallName {
  const { tenant, line } = actorOf(request);
  return { tenant, lineId: line, id: CallParams.parse(request.params).callId };
}

/** An SDP means that the caller wants to carry the media itself; here the server does. */
export function refuseSdp(body: { sdp?: string | undefined } | null | undefined): void {
  if (body?.sdp === undefined) return;
  throw new EarshotError('feature_not_supported', {
    message: 'The server carries the media of this line: leave out sdp, and use realtime-session.',
  });
}
