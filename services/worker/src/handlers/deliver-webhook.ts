import {
  type DeliverWebhookJob,
  EarshotError,
  LIMITS,
  type WebhookPayload,
  type WebhookRecord,
} from '@earshot/protocol';
import { GiveUp, type Handler, RetryLater } from '@earshot/queue';
import type { WorkerParts } from '../parts.ts';
import { deliveryHeaders } from '../webhooks/signature.ts';
import { createSlots } from '../webhooks/slots.ts';
import { growingWaitMs } from './outages.ts';

/** Deliveries of one tenant that one process has open. */
const OPEN_PER_TENANT = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
const GONE = 410;

type DeliveryParts = Pick<WorkerParts, 'archive' | 'fetch' | 'log' | 'now'>;

/**
 * Sends one event to one receiver. 2xx is delivered; 410 turns the webhook off; everything else, redirects and
 * late answers too, is tried again with the same event id.
 */
export function createDeliverWebhook(parts: DeliveryParts): Handler<DeliverWebhookJob> {
  const { archive, log } = parts;
  const slots = createSlots(OPEN_PER_TENANT);
  return async (job, context) => {
    const webhook = await archive.readWebhook(job.tenant, job.webhookId);
    if (webhook === null || webhook.status === 'disabled') return;
    const leave = slots.enter(job.tenant);
    if (leave === null) throw new RetryLater(growingWaitMs(context, FIRST_WAIT_MS, LONGEST_WAIT_MS), 'busy');
    try {
      const status = await send(parts, { job, webhook }, context.signal);
      if (status === GONE) {
        log.info({ webhook: webhook.webhookId }, 'a receiver is gone; its webhook is disabled');
        await archive.writeWebhook({ ...webhook, status: 'disabled' });
      } else if (status < 200 || status >= 300) {
        throw new Error(`the receiver answered ${status}`);
      }
    } finally {
      leave();
    }
  };
}

interface Delivery {
  readonly job: DeliverWebhookJob;
  readonly webhook: WebhookRecord;
}

async function send(
  { fetch, now }: DeliveryParts,
  { job, webhook }: Delivery,
  signal: AbortSignal,
): Promise<number> {
  const payload: WebhookPayload = {
    event: job.event,
    timestamp: job.occurredAt,
    session_id: job.sessionId,
  };
  const body = JSON.stringify(payload);
  const timestamp = Math.floor(now().getTime() / 1000);
  try {
    const { status } = await fetch(webhook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'earshot-webhooks/1',
        ...deliveryHeaders({ eventId: job.eventId, timestamp, body }, webhook.secret),
      },
      body,
      timeoutMs: LIMITS.webhookTimeoutMs,
      discardBody: true,
      signal,
    });
    return status;
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'invalid_request') {
      throw new GiveUp('the address of the webhook is not allowed', { cause: error });
    }
    throw error;
  }
}
