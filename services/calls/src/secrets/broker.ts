import { EarshotError, type RealtimeSecretRequest, type RealtimeSecretResponse } from '@earshot/protocol';
import type { Log, Principal } from '@earshot/runtime';
import type { ObjectStore } from '@earshot/storage';
import { writeAudit } from './audit.ts';
import type { Provider, SecretOutcome } from './provider/provider.ts';
import { chooseProvider, orderFor } from './provider/provider-list.ts';
import type { GivenSecret } from './provider/secret-answer.ts';
import type { SecretOrder } from './provider/secret-order.ts';

export interface SecretBrokerParts {
  readonly providers: readonly Provider[];
  readonly store: Pick<ObjectStore, 'put'>;
  readonly log: Log;
  readonly newId: (prefix: 'aud') => string;
  readonly now: () => Date;
}

/** Makes short-lived secrets of the operator's providers. */
export interface SecretBroker {
  /**
   * Throws `invalid_request` for anything that the operator did not list, before a packet or a name lookup leaves;
   * `rate_limit_exceeded` when the provider is busy; `upstream_unreachable`, in one text, for all else that it may do.
   */
  create(request: RealtimeSecretRequest, principal: Principal): Promise<RealtimeSecretResponse>;
}

interface Mint {
  readonly provider: Provider;
  readonly order: SecretOrder;
  readonly principal: Principal;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** The same words for every failure: an answer tells nothing of the provider or of the way to it. */
function failureOf(outcome: Exclude<SecretOutcome, { given: unknown }>): EarshotError {
  if (outcome.failed !== 'limited')
    return new EarshotError('upstream_unreachable', { message: 'The provider gave no secret.' });
  return new EarshotError('rate_limit_exceeded', {
    message: 'The provider is busy.',
    details: { retry_after_seconds: outcome.retryAfterSeconds },
  });
}

/** A secret leaves only when its audit entry is durable. */
async function record(parts: SecretBrokerParts, mint: Mint, given: GivenSecret): Promise<void> {
  const { provider, order, principal } = mint;
  const entry = {
    provider: provider.name,
    type: order.type,
    model: order.model,
    sessionId: given.sessionId,
    expiresAt: iso(given.expiresAt),
  };
  const { tenant, subject, keyId, line: lineId } = principal;
  const auditId = parts.newId('aud');
  await writeAudit(parts.store, {
    v: 1,
    auditId,
    action: 'realtime_secret.created',
    at: parts.now().toISOString(),
    tenant,
    subject,
    keyId,
    lineId,
    ...entry,
  });
  parts.log.info({ auditId, tenant, subject, ...entry }, 'realtime secret created');
}

export function createSecretBroker(parts: SecretBrokerParts): SecretBroker {
  return {
    create: async (request, principal) => {
      const provider = chooseProvider(parts.providers, request.endpoint);
      const order = orderFor(provider, request);
      const outcome = await provider.order(order);
      if (!('given' in outcome)) {
        const { tenant, subject } = principal;
        parts.log.warn({ tenant, subject, provider: provider.name, ...outcome }, 'no realtime secret');
        throw failureOf(outcome);
      }
      const { given } = outcome;
      await record(parts, { provider, order, principal }, given);
      return {
        session: {
          id: given.sessionId,
          model: order.model,
          expires_at: iso(given.sessionExpiresAt),
          client_secret: { value: given.value, expires_at: iso(given.expiresAt) },
        },
      };
    },
  };
}
