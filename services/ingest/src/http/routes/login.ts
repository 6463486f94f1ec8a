import { LoginRequest, RefreshRequest, TokenResponse } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import type { RouteDeps } from '../deps.ts';

/** Login with a client id and secret, as the published SDK does: the id of an API key, and the key. */
export function registerLogin(server: HttpServer, deps: RouteDeps): void {
  server.post('/connect-auth/v1/account/login', {
    config: { access: 'public', limit: 'address' },
    schema: {
      tags: ['login'],
      summary: 'Exchange an API key for a short-lived access token',
      body: LoginRequest,
      response: { 200: TokenResponse },
    },
    handler: async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      return deps.tokens.login(request.body);
    },
  });
  for (const url of ['/connect-auth/v1/account/refresh-token', '/connect-auth/v1/account/refresh']) {
    server.post(url, {
      config: { access: 'public', limit: 'address' },
      schema: {
        tags: ['login'],
        summary: 'Exchange a refresh token for a new access token',
        body: RefreshRequest,
        response: { 200: TokenResponse },
      },
      handler: async (request, reply) => {
        void reply.header('cache-control', 'no-store');
        return deps.tokens.refresh(request.body);
      },
    });
  }
}
