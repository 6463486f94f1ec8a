import type { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { LimitRule, LimitState } from './rate-limit.ts';

/** The groups every server has: one for all of a tenant's requests, one for refused credentials of an address. */
export const DEFAULT_LIMITS = {
  default: { limit: 600, windowSeconds: 60 },
  create: { limit: 120, windowSeconds: 60 },
  address: { limit: 300, windowSeconds: 60 },
  /** Streams in pieces: several a second of each of many callers behind one address. */
  stream: { limit: 6000, windowSeconds: 60 },
  failure: { limit: 60, windowSeconds: 60 },
  /** Secrets for realtime models: attempts count, whatever becomes of them. */
  realtime: { limit: 3, windowSeconds: 60 },
} as const satisfies Record<string, LimitRule>;

export interface RateLimiterOptions {
  /** Shared counters; null keeps them in this process only. */
  readonly redis: Redis | null;
  /** Groups beside, or instead of, the default ones. */
  readonly groups?: Readonly<Record<string, LimitRule>>;
  /** Called whenever Redis did not answer and the decision was taken in memory. */
  readonly onFallback?: () => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly keyPrefix?: string;
}

/** Counts requests by group and subject (a tenant, or a client address). */
export interface RateLimiter {
  /** Takes one point and tells where the subject stands. Throws TypeError for an unknown group. */
  consume(group: string, subject: string): Promise<LimitState>;
  /** Where the subject stands, taking nothing. */
  peek(group: string, subject: string): Promise<LimitState>;
}

interface Group {
  readonly rule: LimitRule;
  readonly shared: RateLimiterAbstract | null;
  readonly local: RateLimiterAbstract;
}

function buildGroup(name: string, rule: LimitRule, options: RateLimiterOptions): Group {
  const settings = {
    points: rule.limit,
    duration: rule.windowSeconds,
    keyPrefix: `${options.keyPrefix ?? 'earshot:limit'}:${name}`,
  };
  const shared =
    options.redis === null
      ? null
      : new RateLimiterRedis({ ...settings, storeClient: options.redis, rejectIfRedisNotReady: true });
  return { rule, shared, local: new RateLimiterMemory(settings) };
}

async function consumed(limiter: RateLimiterAbstract, subject: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(subject);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  }
}

function stateOf(rule: LimitRule, result: RateLimiterRes | null, now: number): LimitState {
  const msLeft = result === null ? 0 : Math.max(0, result.msBeforeNext);
  const used = result?.consumedPoints ?? 0;
  return {
    ...rule,
    allowed: used <= rule.limit,
    remaining: Math.max(0, rule.limit - used),
    resetAt: Math.ceil((now + msLeft) / 1000),
    retryAfterSeconds: Math.max(1, Math.ceil(msLeft / 1000)),
  };
}

/**
 * Fixed-window limits, counted in Redis on its own clock. While Redis is away the same limits hold in each process
 * by itself: intake stays open, and `onFallback` makes the exception visible.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const clock = options.clock ?? Date.now;
  const rules: Readonly<Record<string, LimitRule>> = { ...DEFAULT_LIMITS, ...options.groups };
  const groups = new Map(
    Object.entries(rules).map(([name, rule]) => [name, buildGroup(name, rule, options)]),
  );

  async function ask(
    name: string,
    query: (limiter: RateLimiterAbstract) => Promise<RateLimiterRes | null>,
  ): Promise<LimitState> {
    const group = groups.get(name);
    if (group === undefined) throw new TypeError(`no limit group is called ${name}`);
    if (group.shared !== null) {
      try {
        return stateOf(group.rule, await query(group.shared), clock());
      } catch {
        options.onFallback?.();
      }
    }
    return stateOf(group.rule, await query(group.local), clock());
  }

  return {
    consume: (name, subject) => ask(name, (limiter) => consumed(limiter, subject)),
    peek: (name, subject) => ask(name, (limiter) => limiter.get(subject)),
  };
}
