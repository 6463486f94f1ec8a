import { setTimeout as sleep } from 'node:timers/promises';
import { type EventRecord, eventIdOf, thinData, type WebhookRecord } from '@earshot/protocol';
import { planDeliveries, type QueueProducer } from '@earshot/queue';
import type { EventLog, Log } from '@earshot/runtime';
import type { SessionArchive } from '@earshot/storage';
import type { Announce } from '../ports.ts';

export interface AnnouncerDeps {
  readonly events: Pick<EventLog, 'append'>;
  readonly archive: Pick<SessionArchive, 'listWebhooks'>;
  readonly producer: Pick<QueueProducer, 'deliverWebhook'>;
  readonly now: () => Date;
  readonly log: Pick<Log, 'warn'>;
  /** Waits before deliveries are offered to the queue again, ms. */
  readonly retryMs?: readonly number[];
}

/** Announces; `close` offers what is left to the queue once more and gives up on the rest. */
export type Announcer = Announce & { readonly close: () => Promise<void> };

/** A queue that is away for ten minutes loses deliveries of calls; sessions have a marker in the object store, calls have none. */
const RETRY_MS = [1, 2, 5, 10, 30, 60, 120, 180, 200].map((seconds) => seconds * 1000);
/** Events whose deliveries are not queued yet. */
const MAX_WAITING = 10_000;

/**
 * Tells what happened to the event log and to webhooks, in the background. An event that is announced again, after a
 * crash too, has the same id: it is logged once and delivered once to each webhook.
 */
export function createAnnouncer(deps: AnnouncerDeps): Announcer {
  const listOf = createWebhookLists(deps.archive);
  const closing = new AbortController();
  const waiting = new Set<Promise<void>>();

  const announce: Announce = ({ type, tenant, lineId, callId, nonce, data }) => {
    const event: EventRecord = {
      id: eventIdOf(callId, type, nonce),
      type,
      tenant,
      lineId,
      occurredAt: deps.now().toISOString(),
      data: thinData({ ...data, callId }),
    };
    void deps.events.append(event);
    if (waiting.size >= MAX_WAITING) {
      deps.log.warn({ event: type, call: callId }, 'an event is not delivered: too many wait for the queue');
      return;
    }
    const delivery = queue(deps, event, { listOf, signal: closing.signal });
    waiting.add(delivery);
    void delivery.finally(() => waiting.delete(delivery));
  };
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all(waiting);
  };
  return Object.assign(announce, { close });
}

interface Means {
  readonly listOf: (tenant: string) => Promise<readonly WebhookRecord[]>;
  readonly signal: AbortSignal;
}

async function queue(deps: AnnouncerDeps, event: EventRecord, { listOf, signal }: Means): Promise<void> {
  const waits = deps.retryMs ?? RETRY_MS;
  for (let tries = 0; ; tries += 1) {
    try {
      const jobs = planDeliveries(event, await listOf(event.tenant));
      for (const job of jobs) await deps.producer.deliverWebhook(job);
      return;
    } catch (error) {
      const wait = waits[tries];
      if (wait === undefined || signal.aborted) {
        deps.log.warn({ event: event.type, err: error }, 'an event could not be queued for its webhooks');
        return;
      }
      // A signal that aborts ends the wait: the next try is then the last one.
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

/**
 * Events that wait together share one reading of their tenant's list, which begins after all of them: a webhook that was
 * registered before an event gets it.
 */
function createWebhookLists(archive: AnnouncerDeps['archive']): Means['listOf'] {
  const running = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<WebhookRecord[]>>();
  return (tenant) => {
    const waiting = next.get(tenant);
    if (waiting !== undefined) return waiting;
    const list = (running.get(tenant) ?? Promise.resolve()).then(() => {
      next.delete(tenant);
      return archive.listWebhooks(tenant);
    });
    next.set(tenant, list);
    const settled = list
      .catch(() => undefined)
      .then(() => {
        if (running.get(tenant) === settled) running.delete(tenant);
      });
    running.set(tenant, settled);
    return list;
  };
}
