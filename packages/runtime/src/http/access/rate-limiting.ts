import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ClientAddress } from '../../address/client-address.ts';
import { limitError, limitHeaders } from '../../limits/rate-limit.ts';
import type { RateLimiter } from '../../limits/rate-limiter.ts';

/**
 * Creates the hook that limits requests: per tenant where one is known, else per client address. Public routes are
 * limited only if they name a group; such routes take a credential in their body, so they are closed to an address that
 * sent too many wrong ones.
 */
export function createRateLimiting(limiter: RateLimiter, clientAddress: ClientAddress) {
  async function refuseGuessing(request: FastifyRequest): Promise<void> {
    const state = await limiter.peek('failure', clientAddress(request.raw));
    if (state.remaining === 0) throw limitError(state);
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { access, limit } = request.routeOptions.config;
    const group = limit ?? { tenant: 'default', capability: 'address', public: false }[access ?? 'public'];
    if (request.is404 || group === false || typeof group !== 'string') return;
    if (access === 'public') await refuseGuessing(request);
    const subject = request.principal?.tenant ?? clientAddress(request.raw);
    const state = await limiter.consume(group, subject);
    void reply.headers(limitHeaders(state));
    if (!state.allowed) throw limitError(state);
  };
}
