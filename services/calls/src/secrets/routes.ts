import { RealtimeSecretRequest, RealtimeSecretResponse } from '@earshot/protocol';
import { type HttpServer, principalOf } from '@earshot/runtime';
import type { SecretBroker } from './broker.ts';

/** `POST /realtime_session`, also under `/v1`: a short-lived secret in place of the operator's key. */
export function registerRealtimeSecrets(server: HttpServer, deps: { readonly broker: SecretBroker }): void {
  for (const url of ['/realtime_session', '/v1/realtime_session']) {
    server.post(url, {
      config: { access: 'tenant', scope: 'any', errors: 'gateway', limit: 'realtime' },
      schema: {
        tags: ['realtime secrets'],
        summary: 'Create a short-lived secret for a realtime voice model',
        description:
          'The secret opens one provider until it expires; the key behind it stays here. `endpoint` may only name one that the operator configured. `ttlSeconds` is 600 unless given, and is moved into 10 to 7200.',
        body: RealtimeSecretRequest,
        response: { 200: RealtimeSecretResponse },
      },
      handler: async (request, reply) => {
        void reply.header('cache-control', 'no-store');
        return deps.broker.create(request.body, principalOf(request));
      },
    });
  }
}
