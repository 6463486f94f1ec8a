import {
  type DeliverWebhookJob,
  type DeliveryOutcome,
  deliveryIdOf,
  EarshotError,
  LIMITS,
  type WebhookRecord,
} from '@earshot/protocol';
import { GiveUp, type Handler, type JobContext, RetryLater } from '@earshot/queue';
import type { WorkerParts } from '../parts.ts';
import { deliveryRequest } from '../webhooks/request.ts';
import { createSlots } from '../webhooks/slots.ts';
import { growingWaitMs } from './outages.ts';

/** Deliveries of one tenant that one process has open. */
const OPEN_PER_TENANT = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
const GONE = 410;

type DeliveryParts = Pick<WorkerParts, 'archive' | 'fetch' | 'log' | 'now' | 'deliveries'>;

interface Delivery {
  readonly job: DeliverWebhookJob;
  readonly webhook: WebhookRecord;
  readonly context: JobContext;
}

/**
 * Sends one event to one receiver, and notes how that went. 2xx is delivered; 410 turns the webhook off; everything
 * else, redirects and late answers too, is tried again with the same event id.
 */
export function createDeliverWebhook(parts: DeliveryParts): Handler<DeliverWebhookJob> {
  const slots = createSlots(OPEN_PER_TENANT);
  return async (job, context) => {
    const webhook = await parts.archive.readWebhook(job.tenant, job.webhookId);
    if (webhook === null || webhook.status === 'disabled') return;
    const leave = slots.enter(job.tenant);
    if (leave === null) throw new RetryLater(growingWaitMs(context, FIRST_WAIT_MS, LONGEST_WAIT_MS), 'busy');
    try {
      await attempt(parts, { job, webhook, context });
    } finally {
      leave();
    }
  };
}

async function attempt(parts: DeliveryParts, delivery: Delivery): Promise<void> {
  const { archive, log, now } = parts;
  const { webhook, context } = delivery;
  const at = now();
  let status: number | null = null;
  let outcome: DeliveryOutcome = context.finalAttempt ? 'failed' : 'retrying';
  try {
    status = await send(parts, delivery, at);
    if (status === GONE) {
      outcome = 'gone';
      log.info({ webhook: webhook.webhookId }, 'a receiver is gone; its webhook is disabled');
      // Read anew: it may have been changed or deleted while the receiver took its time.
      const current = await archive.readWebhook(webhook.tenant, webhook.webhookId);
      if (current !== null) await archive.writeWebhook({ ...current, status: 'disabled' });
    } else if (status < 200 || status >= 300) {
      throw new Error(`the receiver answered ${status}`);
    } else {
      outcome = 'delivered';
    }
  } catch (error) {
    if (error instanceof GiveUp) outcome = 'failed';
    if (!context.signal.aborted) {
      const reason = error instanceof Error ? error.message : 'unknown';
      const { event, eventId } = delivery.job;
      const fields = { webhook: webhook.webhookId, event, eventId, status, outcome, reason };
      log.warn(fields, 'an event was not delivered');
    }
    throw error;
  } finally {
    await note(parts, delivery, { at, status, outcome });
  }
}

async function note(
  { deliveries, now }: DeliveryParts,
  { job, context }: Delivery,
  { at, status, outcome }: { at: Date; status: number | null; outcome: DeliveryOutcome },
): Promise<void> {
  // An attempt that our own shutdown cut off is none: the queue gives the job to another process.
  if (status === null && context.signal.aborted) return;
  await deliveries.note({
    deliveryId: deliveryIdOf(job),
    attempt: context.attempt,
    outcome,
    status,
    at: at.toISOString(),
    durationMs: Math.max(0, now().getTime() - at.getTime()),
    job,
  });
}

async function send({ fetch }: DeliveryParts, delivery: Delivery, at: Date): Promise<number> {
  const { job, webhook, context } = delivery;
  try {
    const { status } = await fetch(webhook.url, {
      method: 'POST',
      ...deliveryRequest(job, webhook, at),
      timeoutMs: LIMITS.webhookTimeoutMs,
      discardBody: true,
      signal: context.signal,
    });
    return status;
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'invalid_request') {
      throw new GiveUp('the address of the webhook is not allowed', { cause: error });
    }
    throw error;
  }
}
