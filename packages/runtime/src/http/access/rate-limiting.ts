import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ClientAddress } from '../../address/client-address.ts';
import { limitError, limitHeaders } from '../../limits/rate-limit.ts';
import type { RateLimiter } from '../../limits/rate-limiter.ts';

/**
 * Creates the hook that limits requests: per tenant where one is known, else per client address. Public routes are
 * limited only if they name a group.
 */
export function createRateLimiting(limiter: RateLimiter, clientAddress: ClientAddress) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { access, limit } = request.routeOptions.config;
    const group = limit ?? { tenant: 'default', capability: 'address', public: false }[access ?? 'public'];
    if (request.is404 || group === false || typeof group !== 'string') return;
    const subject = request.principal?.tenant ?? clientAddress(request.raw);
    const state = await limiter.consume(group, subject);
    void reply.headers(limitHeaders(state));
    if (!state.allowed) throw limitError(state);
  };
}
