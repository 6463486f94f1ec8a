import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { deliveryHeaders } from './signature.ts';

const delivery = {
  eventId: 'evt-ses_0123456789abcdef-session-completed',
  timestamp: Math.floor(Date.now() / 1000),
  body: '{"event":"session.completed","session_id":"ses_0123456789abcdef"}',
};

describe('signatures of deliveries', () => {
  it('are left out without a secret, id and time are not', () => {
    expect(deliveryHeaders(delivery, null)).toEqual({
      'webhook-id': delivery.eventId,
      'webhook-timestamp': String(delivery.timestamp),
    });
  });

  it('follow the MedScribe Alliance form: t=…,v1=hex over "t.body"', () => {
    const header = deliveryHeaders(delivery, 'a-plain-secret')['x-msa-signature'];
    const expected = createHmac('sha256', 'a-plain-secret')
      .update(`${delivery.timestamp}.${delivery.body}`)
      .digest('hex');
    expect(header).toBe(`t=${delivery.timestamp},v1=${expected}`);
  });

  it('are accepted by the reference library of Standard Webhooks for plain secrets', () => {
    const headers = deliveryHeaders(delivery, 'a-plain-secret');
    const receiver = new Webhook('a-plain-secret', { format: 'raw' });
    expect(receiver.verify(delivery.body, headers)).toMatchObject({ event: 'session.completed' });
  });

  it('are accepted by the reference library for whsec_ secrets', () => {
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const headers = deliveryHeaders(delivery, secret);
    expect(new Webhook(secret).verify(delivery.body, headers)).toMatchObject({ event: 'session.completed' });
  });

  it('are refused by the reference library once the body changed', () => {
    const headers = deliveryHeaders(delivery, 'a-plain-secret');
    const receiver = new Webhook('a-plain-secret', { format: 'raw' });
    expect(() => receiver.verify(`${delivery.body} `, headers)).toThrow();
  });
});
