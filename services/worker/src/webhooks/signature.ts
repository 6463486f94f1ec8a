import { createHmac } from 'node:crypto';

/** One delivery as it is signed. */
export interface SignedDelivery {
  /** The same for every attempt at one event. */
  readonly eventId: string;
  /** Seconds since 1970, at this attempt. */
  readonly timestamp: number;
  /** Exactly the bytes that are sent. */
  readonly body: string;
}

const STANDARD_PREFIX = 'whsec_';

/**
 * Headers by which a receiver knows a delivery: id and time always, and with a secret both the MedScribe
 * Alliance signature and the one of the Standard Webhooks specification.
 */
export function deliveryHeaders(delivery: SignedDelivery, secret: string | null): Record<string, string> {
  const { eventId, timestamp, body } = delivery;
  const told = { 'webhook-id': eventId, 'webhook-timestamp': String(timestamp) };
  if (secret === null) return told;
  const medscribe = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  const standard = createHmac('sha256', standardKey(secret))
    .update(`${eventId}.${timestamp}.${body}`)
    .digest('base64');
  return {
    ...told,
    'x-msa-signature': `t=${timestamp},v1=${medscribe}`,
    'webhook-signature': `v1,${standard}`,
  };
}

/** Standard Webhooks: a `whsec_` secret is base64 of the key; any other secret is the key itself. */
function standardKey(secret: string): Buffer {
  if (!secret.startsWith(STANDARD_PREFIX)) return Buffer.from(secret, 'utf8');
  return Buffer.from(secret.slice(STANDARD_PREFIX.length), 'base64');
}
