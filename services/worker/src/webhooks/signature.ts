import { createHmac } from 'node:crypto';

/** One delivery as it is signed. */
export interface SignedDelivery {
  /** The same for every attempt at one event. */
  readonly eventId: string;
  /** Seconds since 1970, at this attempt. */
  readonly timestamp: number;
  /** Exactly the bytes that are sent. */
  readonly body: string;
  /** Given for receivers that expect the WADial headers, which name the event's type. */
  readonly type?: string;
}

const STANDARD_PREFIX = 'whsec_';

/**
 * Headers by which a receiver knows a delivery: id and time always, and with a secret both the MedScribe Alliance
 * signature and the one of the Standard Webhooks specification, and the WADial ones where the type is given. After a
 * rotation the `previous` secret signs too, so that receivers can change theirs at their own time.
 */
export function deliveryHeaders(
  delivery: SignedDelivery,
  secret: string | null,
  previous: string | null = null,
): Record<string, string> {
  const { eventId, timestamp, type } = delivery;
  const told = {
    'webhook-id': eventId,
    'webhook-timestamp': String(timestamp),
    ...(type === undefined ? {} : { 'wadial-event-id': eventId, 'wadial-event-type': type }),
  };
  if (secret === null) return told;
  const secrets = previous === null ? [secret] : [secret, previous];
  const medscribe = [`t=${timestamp}`, ...secrets.map((one) => `v1=${medscribeOf(delivery, one)}`)].join(',');
  return {
    ...told,
    'x-msa-signature': medscribe,
    'webhook-signature': secrets.map((one) => `v1,${standardOf(delivery, one)}`).join(' '),
    ...(type === undefined ? {} : { 'wadial-signature': medscribe }),
  };
}

/** Also the form of WADial: hex HMAC-SHA256 over `t.body`, the secret's text as the key. */
function medscribeOf({ timestamp, body }: SignedDelivery, secret: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

function standardOf({ eventId, timestamp, body }: SignedDelivery, secret: string): string {
  return createHmac('sha256', standardKey(secret)).update(`${eventId}.${timestamp}.${body}`).digest('base64');
}

/** Standard Webhooks: a `whsec_` secret is base64 of the key; any other secret is the key itself. */
function standardKey(secret: string): Buffer {
  if (!secret.startsWith(STANDARD_PREFIX)) return Buffer.from(secret, 'utf8');
  return Buffer.from(secret.slice(STANDARD_PREFIX.length), 'base64');
}
