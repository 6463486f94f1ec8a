import { EarshotError, SESSION_ID, type SessionRef } from '@earshot/protocol';
import { principalOf } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

export const SessionParams = z.object({ session_id: z.string() });

/** The session of a request, in the caller's own tenant; an impossible id is as unknown as a foreign one. */
export function sessionRef(request: FastifyRequest): SessionRef {
  const { session_id: sessionId } = SessionParams.parse(request.params);
  if (!SESSION_ID.test(sessionId)) {
    throw new EarshotError('session_not_found', { details: { session_id: sessionId.slice(0, 64) } });
  }
  return { tenant: principalOf(request).tenant, sessionId };
}
