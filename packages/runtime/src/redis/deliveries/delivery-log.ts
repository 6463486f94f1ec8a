import { DeliveryRecord, deliveryIdOf, type EventType, LIMITS } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import { unavailable } from '../unavailable.ts';

/** Which webhook. */
export interface WebhookPlace {
  readonly tenant: string;
  readonly webhookId: string;
}

/** What the log is asked for: the newest `limit` attempts, of one event type if it is given. */
export interface DeliveryPage {
  readonly limit: number;
  readonly event?: EventType;
}

/** The latest attempts at deliveries, LIMITS.maxDeliveriesPerWebhook of each webhook. */
export interface DeliveryLog {
  /** Remembers an attempt. Never rejects: a delivery does not depend on it. */
  note(attempt: DeliveryRecord): Promise<void>;
  /** Newest first. `service_unavailable` while Redis is away. */
  list(place: WebhookPlace, page: DeliveryPage): Promise<DeliveryRecord[]>;
  /** The newest attempt at a delivery, or null when none is remembered. `service_unavailable` while Redis is away. */
  find(place: WebhookPlace, deliveryId: string): Promise<DeliveryRecord | null>;
  /** Forgets a webhook. Never rejects. */
  forget(place: WebhookPlace): Promise<void>;
}

const SECONDS_PER_DAY = 86_400;

const nameOf = ({ tenant, webhookId }: WebhookPlace): string => `earshot:{deliveries/${tenant}}:${webhookId}`;

/** Opens the log on a connection that fails fast. */
export function createDeliveryLog(redis: Redis): DeliveryLog {
  async function newest(place: WebhookPlace, count: number): Promise<DeliveryRecord[]> {
    return (await redis.lrange(nameOf(place), 0, count - 1).catch(unavailable)).flatMap(decode);
  }
  return {
    async note(attempt) {
      const name = nameOf(attempt.job);
      await redis
        .multi()
        .lpush(name, JSON.stringify(attempt))
        .ltrim(name, 0, LIMITS.maxDeliveriesPerWebhook - 1)
        .expire(name, LIMITS.keepDeliveriesDays * SECONDS_PER_DAY)
        .exec()
        .catch(() => undefined);
    },
    async list(place, { limit, event }) {
      if (event === undefined) return newest(place, limit);
      const all = await newest(place, LIMITS.maxDeliveriesPerWebhook);
      return all.filter(({ job }) => job.event === event).slice(0, limit);
    },
    async find(place, deliveryId) {
      const all = await newest(place, LIMITS.maxDeliveriesPerWebhook);
      return all.find(({ job }) => deliveryIdOf(job) === deliveryId) ?? null;
    },
    async forget(place) {
      await redis.del(nameOf(place)).catch(() => undefined);
    },
  };
}

/** Entries that another version wrote and that cannot be read are left out. */
function decode(text: string): DeliveryRecord[] {
  const parsed = DeliveryRecord.safeParse(parseJson(text));
  return parsed.success ? [parsed.data] : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
