import { type DeliverWebhookJob, deliveryBody, type WebhookRecord } from '@earshot/protocol';
import { deliveryHeaders } from './signature.ts';

/** A delivery ready to be sent: the bytes that are signed are the bytes that go out. */
export interface DeliveryRequest {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Writes an event in the style of its webhook, and signs it as of `now`. */
export function deliveryRequest(job: DeliverWebhookJob, webhook: WebhookRecord, now: Date): DeliveryRequest {
  const { style = 'medscribe', secret, previousSecret } = webhook;
  const body = JSON.stringify(deliveryBody(job, style));
  const timestamp = Math.floor(now.getTime() / 1000);
  const delivery = {
    eventId: job.eventId,
    timestamp,
    body,
    ...(style === 'medscribe' ? {} : { type: job.event }),
  };
  const previous =
    previousSecret !== undefined && Date.parse(previousSecret.until) > now.getTime()
      ? previousSecret.secret
      : null;
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'earshot-webhooks/1',
      ...deliveryHeaders(delivery, secret, previous),
    },
    body,
  };
}
