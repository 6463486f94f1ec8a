import { EarshotError } from '@earshot/protocol';
import type { FastifyRequest } from 'fastify';
import type { ClientAddress } from '../../address/client-address.ts';
import type { Authenticator } from '../../auth/authenticator.ts';
import type { Principal } from '../../auth/caller/principal.ts';
import { limitError } from '../../limits/rate-limit.ts';
import type { RateLimiter } from '../../limits/rate-limiter.ts';

export interface AuthenticationOptions {
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter | undefined;
  readonly clientAddress: ClientAddress;
}

/**
 * Creates the hook that finds out who makes a request. An address that sent too many wrong credentials is answered 429
 * before anything is looked up, save for credentials that were right before: a neighbour's mistakes lock nobody out.
 */
export function createAuthentication(options: AuthenticationOptions) {
  const { authenticator, limiter } = options;
  return async (request: FastifyRequest): Promise<void> => {
    if (request.is404 || request.routeOptions.config.access !== 'tenant') return;
    if (limiter !== undefined && !authenticator.recognises(request.headers)) {
      const state = await limiter.peek('failure', options.clientAddress(request.raw));
      if (state.remaining === 0) throw limitError(state);
    }
    request.principal = await authenticator.authenticate(request.headers);
  };
}

/** Creates the hook that counts refused credentials of an address, those of login too. */
export function createFailureCount(options: Omit<AuthenticationOptions, 'authenticator'>) {
  return async (request: FastifyRequest, status: number): Promise<void> => {
    if (status === 401) await options.limiter?.consume('failure', options.clientAddress(request.raw));
  };
}

/** Who makes this request. Throws `authentication_failed` on routes that ask for no credential. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new EarshotError('authentication_failed', { message: 'API key is required' });
  return request.principal;
}
