import { type LineRecord, WadialCall, wadialAnswer } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallName } from '../../ports.ts';
import { actorOf, lineOf } from '../caller.ts';
import type { WadialDeps } from './deps.ts';

/** Keys of the tenant, and of a line for that line: another line is then as unknown as one that is not there. */
export const ANY_KEY_ROUTE = { access: 'tenant', scope: 'any' } as const;

export const SESSION_TAGS = ['calls (WADial)'];

export const SessionParams = z.object({ sessionId: z.string().describe('the line, `lin_…`') });
export const CallParams = SessionParams.extend({ callId: z.string() });
export const CallAnswer = wadialAnswer(WadialCall);

/** The line of a request. Throws `line_not_found`. */
export function lineOfRequest(request: FastifyRequest, deps: WadialDeps): Promise<LineRecord> {
  const { sessionId } = SessionParams.parse(request.params);
  return lineOf(deps.archive, actorOf(request), sessionId);
}

/** The call of a request, on the line that its path names. Throws `line_not_found`. */
export async function callNameOf(request: FastifyRequest, deps: WadialDeps): Promise<CallName> {
  const { callId } = CallParams.parse(request.params);
  const { tenant, lineId } = await lineOfRequest(request, deps);
  return { tenant, lineId, id: callId };
}
