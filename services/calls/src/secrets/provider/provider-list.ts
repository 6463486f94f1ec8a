import { EarshotError, LIMITS, type RealtimeSecretRequest } from '@earshot/protocol';
import { readUrl } from '@earshot/runtime';
import type { Provider } from './provider.ts';
import type { SecretOrder } from './secret-order.ts';

const refused = (message: string): EarshotError => new EarshotError('invalid_request', { message });

/**
 * The provider that a request means. An endpoint counts only as the URL that a URL parser makes of it, and only if the
 * operator listed exactly that; it chooses among the operator's own URLs and is itself never used. Throws `invalid_request`.
 */
export function chooseProvider(providers: readonly Provider[], endpoint: string | undefined): Provider {
  if (endpoint === undefined) {
    const fallback = providers.find(({ isDefault }) => isDefault) ?? providers[0];
    if (fallback !== undefined) return fallback;
    throw new EarshotError('service_unavailable', {
      message:
        'No realtime provider is configured here: EARSHOT_REALTIME_PROVIDERS names those of the operator, and EARSHOT_REALTIME_STUB=true adds one to try this with.',
    });
  }
  const href = readUrl(endpoint)?.href;
  const chosen = providers.find((provider) => provider.endpoint === href);
  if (chosen === undefined) throw refused('The endpoint is not one that this server may use.');
  return chosen;
}

/** What is to be asked of a provider. Throws `invalid_request` for what it does not offer. */
export function orderFor(provider: Provider, request: RealtimeSecretRequest): SecretOrder {
  const { model, voice, type } = request;
  if (!provider.models.includes(model)) throw refused('The model is not offered by this provider.');
  if (voice !== undefined && !provider.voices.includes(voice))
    throw refused('The voice is not offered by this provider.');
  if (type === 'transcription' && provider.shape === 'sessions')
    throw refused('This provider makes no secrets for transcription.');
  const asked = request.ttlSeconds ?? LIMITS.realtimeSecretSeconds;
  const ttlSeconds = Math.min(
    Math.max(asked, LIMITS.realtimeSecretMinSeconds),
    LIMITS.realtimeSecretMaxSeconds,
  );
  return { type, model, voice: voice ?? null, ttlSeconds };
}
