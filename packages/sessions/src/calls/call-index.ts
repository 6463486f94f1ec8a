import { CallStatus } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import { failFast } from '../redis/fail-fast.ts';

/** A call by name. */
interface CallPlace {
  readonly tenant: string;
  readonly callId: string;
}

export interface CallPage {
  readonly tenant: string;
  /** Null: every line of the tenant. */
  readonly lineId: string | null;
  readonly limit: number;
  /** Only calls that began before this ISO time; null begins with the newest. */
  readonly before: string | null;
}

/**
 * What is known of calls beside the object store: which there are, and how the live ones stand. Everything in it can be
 * made again. All but `close` reject with `service_unavailable` when Redis does not answer soon.
 */
export interface CallIndex {
  /** Lists a call under its tenant and its line. */
  add(place: CallPlace & { readonly lineId: string }, createdAt: string): Promise<void>;
  /** Ids, newest first. */
  list(page: CallPage): Promise<string[]>;
  /** How a call stands; forgotten after `leaseMs`, which makes it the lease of the node that carries it. */
  hold(place: CallPlace, status: CallStatus, leaseMs: number): Promise<void>;
  status(place: CallPlace): Promise<CallStatus | null>;
  release(place: CallPlace): Promise<void>;
  /** False when Redis was emptied since the lists were last made whole. */
  isWhole(): Promise<boolean>;
  markWhole(): Promise<void>;
}

const names = {
  tenant: (tenant: string): string => `earshot:calls:{${tenant}}:all`,
  line: (tenant: string, lineId: string): string => `earshot:calls:{${tenant}}:line:${lineId}`,
  status: ({ tenant, callId }: CallPlace): string => `earshot:calls:{${tenant}}:status:${callId}`,
  whole: 'earshot:calls-complete',
} as const;

export function createCallIndex(redis: Redis): CallIndex {
  return failFast<CallIndex>({
    async add(place, createdAt) {
      const { tenant, lineId, callId } = place;
      const score = Date.parse(createdAt);
      await redis
        .multi()
        .zadd(names.tenant(tenant), score, callId)
        .zadd(names.line(tenant, lineId), score, callId)
        .exec();
    },
    async list({ tenant, lineId, limit, before }) {
      const name = lineId === null ? names.tenant(tenant) : names.line(tenant, lineId);
      const below = before === null ? '+inf' : `(${Date.parse(before)}`;
      return redis.zrange(name, below, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, limit);
    },
    async hold(place, status, leaseMs) {
      await redis.set(names.status(place), JSON.stringify(status), 'PX', leaseMs);
    },
    async status(place) {
      const text = await redis.get(names.status(place));
      return text === null ? null : CallStatus.parse(JSON.parse(text));
    },
    async release(place) {
      await redis.del(names.status(place));
    },
    async isWhole() {
      return (await redis.exists(names.whole)) === 1;
    },
    async markWhole() {
      await redis.set(names.whole, '1');
    },
  });
}
