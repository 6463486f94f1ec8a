import {
  createRateLimiter,
  type EgressPolicy,
  type HttpServerOptions,
  type Log,
  type Metrics,
} from '@earshot/runtime';
import { z } from 'zod';
import type { AudioNode } from './node.ts';
import { countSetting, flagSetting, listSetting } from './settings.ts';

/** Settings of every process that answers callers over HTTP. */
export const HTTP_SETTINGS = {
  EARSHOT_HOST: z.string().default('127.0.0.1'),
  EARSHOT_CORS_ORIGINS: listSetting.optional(),
  EARSHOT_TRUSTED_PROXIES: listSetting.optional(),
  EARSHOT_SPOOL_DIR: z.string().optional(),
  EARSHOT_WEBHOOK_ALLOW_INSECURE: flagSetting.default(false),
  EARSHOT_RATE_LIMIT_PER_MINUTE: countSetting.min(1).default(600),
  /** Whatever a tenant makes anew: sessions, calls, lines, keys, assets. */
  EARSHOT_CREATE_LIMIT_PER_MINUTE: countSetting.min(1).default(120),
  EARSHOT_METRICS: flagSetting.default(true),
} as const;

type HttpSettings = z.infer<z.ZodObject<typeof HTTP_SETTINGS>>;

/** Where URLs that callers name may go. */
export function callerUrlPolicy({
  EARSHOT_WEBHOOK_ALLOW_INSECURE: allowPrivate,
}: Pick<HttpSettings, 'EARSHOT_WEBHOOK_ALLOW_INSECURE'>): EgressPolicy {
  const hint = 'For development, EARSHOT_WEBHOOK_ALLOW_INSECURE=true allows http and private addresses.';
  return { allowPrivate, hint };
}

interface EdgeParts {
  readonly config: HttpSettings;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly node: Pick<AudioNode, 'redis' | 'store' | 'access'>;
}

/** An HTTP server in front of a node: who may come in, how often, and what makes it ready. `limits`: groups of its own, a minute. */
export function httpOptions(
  { config, log, metrics, node }: EdgeParts,
  limits: Readonly<Record<string, number>> = {},
): HttpServerOptions {
  const { redis, store, access } = node;
  const perMinute = {
    default: config.EARSHOT_RATE_LIMIT_PER_MINUTE,
    create: config.EARSHOT_CREATE_LIMIT_PER_MINUTE,
    ...limits,
  };
  const groups: Record<string, { limit: number; windowSeconds: number }> = {};
  for (const [name, limit] of Object.entries(perMinute)) groups[name] = { limit, windowSeconds: 60 };
  return {
    log,
    metrics,
    serveMetrics: config.EARSHOT_METRICS,
    checks: { redis: () => redis.ping(), storage: () => store.head('_earshot/ready') },
    authenticator: access.authenticator,
    limiter: createRateLimiter({
      redis,
      groups,
      onFallback: () => metrics.add('earshot_limiter_fallbacks_total', {}),
    }),
    ...(config.EARSHOT_CORS_ORIGINS === undefined ? {} : { corsOrigins: config.EARSHOT_CORS_ORIGINS }),
    ...(config.EARSHOT_TRUSTED_PROXIES === undefined
      ? {}
      : { trustedProxies: config.EARSHOT_TRUSTED_PROXIES }),
  };
}
