import { LIMITS } from '@earshot/protocol';
import {
  createGuardedFetch,
  type EgressPolicy,
  type GuardedFetch,
  type GuardedResponse,
} from '@earshot/runtime';
import type { ProviderEntry } from './provider-file.ts';
import { type GivenSecret, readSecretAnswer } from './secret-answer.ts';
import { clientSecretBody, formerSessionBody, type SecretOrder } from './secret-order.ts';

/** What came of an order. The reason is for our log; nothing in it comes from the provider. */
export type SecretOutcome =
  | { readonly given: GivenSecret }
  | { readonly failed: 'unreachable' | 'refused' | 'not_understood'; readonly status?: number }
  | { readonly failed: 'limited'; readonly retryAfterSeconds: number };

/** One provider. Its key is known to nothing but the requests to its own endpoint. */
export interface Provider {
  readonly name: string;
  /** Where its secrets are made, as the URL parser writes it. */
  readonly endpoint: string;
  readonly isDefault: boolean;
  readonly shape: ProviderEntry['shape'];
  readonly models: readonly string[];
  readonly voices: readonly string[];
  /** Asks for a secret; never rejects. */
  order(order: SecretOrder): Promise<SecretOutcome>;
}

export interface ProviderOptions {
  /** How names are resolved, and whom to trust beside the system's authorities. */
  readonly egress?: Pick<EgressPolicy, 'resolver' | 'ca' | 'allowNetworks'>;
  /** LIMITS.realtimeProviderMs when absent. */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const DEFAULT_RETRY_SECONDS = 30;
const MAX_RETRY_SECONDS = 3600;

/** Whole seconds only, and no more than an hour. */
function retrySeconds(header: string | string[] | undefined): number {
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header)) return DEFAULT_RETRY_SECONDS;
  return Math.min(Math.max(1, Number(header)), MAX_RETRY_SECONDS);
}

function fetchFor({ origin, allowPrivate }: ProviderEntry, options: ProviderOptions): GuardedFetch {
  const { port } = new URL(origin);
  const ports = port === '' ? [] : [Number(port)];
  return createGuardedFetch({ ...options.egress, allowPrivate, origins: [origin], ports });
}

/** What an answer means; `isOwnKey` finds the answers that would give our own key away. */
function judge(
  answer: GuardedResponse,
  { now, isOwnKey }: { now: number; isOwnKey: (text: string) => boolean },
): SecretOutcome {
  const { status, headers, body } = answer;
  if (status === 429) return { failed: 'limited', retryAfterSeconds: retrySeconds(headers['retry-after']) };
  if (status !== 200 && status !== 201) return { failed: 'refused', status };
  const isJson = /^application\/json\s*(;|$)/i.test(String(headers['content-type']));
  const given = isJson ? readSecretAnswer(body, now / 1000) : undefined;
  if (given === undefined || isOwnKey(given.value) || isOwnKey(given.sessionId))
    return { failed: 'not_understood', status };
  return { given };
}

/** Binds a provider's key to its endpoint: the fetch behind it reaches that origin only, and the URL is the operator's. */
export function createProvider(entry: ProviderEntry, options: ProviderOptions = {}): Provider {
  const { apiKey, name, shape, models, voices } = entry;
  const clock = options.clock ?? Date.now;
  const fetch = fetchFor(entry, options);
  const endpoint = entry.origin + entry.path;
  const bodyOf = shape === 'client_secrets' ? clientSecretBody : formerSessionBody;
  return {
    name,
    endpoint,
    isDefault: entry.default,
    shape,
    models,
    voices,
    order: async (order) => {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(order)),
        timeoutMs: options.timeoutMs ?? LIMITS.realtimeProviderMs,
        maxResponseBytes: LIMITS.realtimeProviderBytes,
      }).catch(() => undefined);
      if (answer === undefined) return { failed: 'unreachable' };
      return judge(answer, { now: clock(), isOwnKey: (text) => text.includes(apiKey) });
    },
  };
}
