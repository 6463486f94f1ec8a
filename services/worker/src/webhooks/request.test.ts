import { createHmac, randomBytes } from 'node:crypto';
import {
  type DeliverWebhookJob,
  PilotEventBody,
  StandardEventBody,
  type WebhookRecord,
} from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { deliveryRequest } from './request.ts';

const SECRET = `whsec_${randomBytes(24).toString('base64')}`;
const now = new Date();

const job: DeliverWebhookJob = {
  tenant: 'clinic',
  sessionId: 'lin_front',
  webhookId: 'whk_1',
  eventId: 'evt-call_1-call-ended',
  event: 'call.ended',
  occurredAt: '2026-01-01T00:00:00.000Z',
  lineId: 'lin_front',
  data: { callId: 'call_1', state: 'ended', reason: 'peer_hangup', durationMs: 4200 },
};

const webhook = (change: Partial<WebhookRecord> = {}): WebhookRecord => ({
  v: 1,
  webhookId: 'whk_1',
  tenant: 'clinic',
  url: 'https://example.org/hook',
  events: ['*'],
  secret: SECRET,
  status: 'active',
  createdAt: '2026-01-01T00:00:00.000Z',
  style: 'standard',
  ...change,
});

interface Signed {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** Verification by the published rules of `t=…,v1=…`, written here a second time. */
function verifyTimed({ body, headers }: Signed, header: string, secret: string): boolean {
  const fields = (headers[header] ?? '').split(',').map((field) => field.split('='));
  const t = fields.find(([name]) => name === 't')?.[1] ?? '';
  if (!/^[0-9]+$/.test(t) || Math.abs(Date.now() / 1000 - Number(t)) > 300) return false;
  const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  return fields.some(([name, value]) => name === 'v1' && value === expected);
}

function verifyStandard({ body, headers }: Signed, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

/** Every text that differs from this one in one character, which is another one each time. */
function* mutations(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
    yield text.slice(0, at) + other + text.slice(at + 1);
  }
}

describe('a delivery in the standard style', () => {
  it('has the body and the headers of WADial, and three signatures that hold', () => {
    const request = deliveryRequest(job, webhook(), now);
    expect(StandardEventBody.parse(JSON.parse(request.body))).toEqual({
      id: 'evt-call_1-call-ended',
      type: 'call.ended',
      createdAt: '2026-01-01T00:00:00.000Z',
      sessionId: 'lin_front',
      data: { callId: 'call_1', state: 'ended', reason: 'peer_hangup', durationMs: 4200 },
    });
    expect(request.headers).toMatchObject({
      'wadial-event-id': 'evt-call_1-call-ended',
      'wadial-event-type': 'call.ended',
      'webhook-id': 'evt-call_1-call-ended',
    });
    expect(request.headers['wadial-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    expect(verifyStandard(request, SECRET)).toBe(true);
    expect(verifyTimed(request, 'wadial-signature', SECRET)).toBe(true);
    expect(verifyTimed(request, 'x-msa-signature', SECRET)).toBe(true);
  });

  it.each(['a-plain-secret', SECRET])(
    'fails to verify with each changed byte of body, id and time',
    (secret) => {
      const request = deliveryRequest(job, webhook({ secret }), now);
      const format = secret === SECRET ? undefined : ({ format: 'raw' } as const);
      const receiver = new Webhook(secret, format);
      const holds = (signed: Signed): boolean => {
        try {
          receiver.verify(signed.body, signed.headers);
          return true;
        } catch {
          return false;
        }
      };
      expect(holds(request)).toBe(true);
      let tried = 0;
      const refused = (changed: Signed, timed: boolean): void => {
        tried += 1;
        const names = timed ? ['wadial-signature', 'x-msa-signature'] : [];
        const passed = names.filter((name) => verifyTimed(changed, name, secret));
        if (holds(changed) || passed.length > 0) throw new Error(`accepted: ${JSON.stringify(changed)}`);
      };
      for (const body of mutations(request.body)) refused({ ...request, body }, true);
      const { headers } = request;
      for (const id of mutations(job.eventId)) {
        refused({ ...request, headers: { ...headers, 'webhook-id': id } }, false);
      }
      const time = headers['webhook-timestamp'] ?? '';
      for (const other of mutations(time)) {
        const timed = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, value.replace(`t=${time}`, `t=${other}`)]),
        );
        refused({ ...request, headers: { ...timed, 'webhook-timestamp': other } }, true);
      }
      for (const name of ['webhook-signature', 'x-msa-signature', 'wadial-signature']) {
        const value = headers[name] ?? '';
        const digest = value.slice(value.indexOf('v1') + 3);
        for (const forged of mutations(digest)) {
          const changed = { ...request, headers: { ...headers, [name]: value.replace(digest, forged) } };
          tried += 1;
          const holdsStill =
            name === 'webhook-signature' ? holds(changed) : verifyTimed(changed, name, secret);
          if (holdsStill) throw new Error(`accepted: ${forged}`);
        }
      }
      const digests = 44 + 64 + 64;
      expect(tried).toBe(request.body.length + job.eventId.length + time.length + digests);
    },
  );

  it('is signed with the secret before a rotation too, until its time is over', () => {
    const previous = `whsec_${randomBytes(24).toString('base64')}`;
    const until = new Date(now.getTime() + 60_000).toISOString();
    const rotated = webhook({ previousSecret: { secret: previous, until } });
    const both = deliveryRequest(job, rotated, now);
    for (const secret of [SECRET, previous]) {
      expect(verifyStandard(both, secret)).toBe(true);
      expect(verifyTimed(both, 'wadial-signature', secret)).toBe(true);
      expect(verifyTimed(both, 'x-msa-signature', secret)).toBe(true);
    }
    const later = deliveryRequest(job, rotated, new Date(now.getTime() + 61_000));
    expect(verifyStandard(later, SECRET)).toBe(true);
    expect(verifyStandard(later, previous)).toBe(false);
    expect(verifyTimed(later, 'wadial-signature', previous)).toBe(false);
  });
});

describe('a delivery in the pilot style', () => {
  it('has the envelope of Pilot Status, with the id for dedupe in its data', () => {
    const request = deliveryRequest(job, webhook({ style: 'pilot' }), now);
    expect(PilotEventBody.parse(JSON.parse(request.body))).toEqual({
      schemaVersion: 3,
      event: 'call.ended',
      createdAt: '2026-01-01T00:00:00.000Z',
      whatsappNumberId: 'lin_front',
      data: { ...job.data, id: 'evt-call_1-call-ended' },
    });
    expect(verifyStandard(request, SECRET)).toBe(true);
    expect(verifyTimed(request, 'wadial-signature', SECRET)).toBe(true);
  });
});

describe('a delivery in the MedScribe style', () => {
  const session: DeliverWebhookJob = {
    tenant: 'clinic',
    sessionId: 'ses_0123456789abcdef',
    webhookId: 'whk_1',
    eventId: 'evt-ses_0123456789abcdef-session-completed',
    event: 'session.completed',
    occurredAt: '2026-01-01T00:00:00.000Z',
  };

  it.each([
    ['of a job from an older process', session],
    [
      'of a call',
      { ...session, lineId: 'lin_front', data: { sessionId: session.sessionId, callId: 'call_1' } },
    ],
  ])('keeps to its three fields, %s', (_what, told) => {
    const request = deliveryRequest(told, webhook({ style: undefined }), now);
    expect(request.body).toBe(
      '{"event":"session.completed","timestamp":"2026-01-01T00:00:00.000Z","session_id":"ses_0123456789abcdef"}',
    );
    expect(Object.keys(request.headers).filter((name) => name.startsWith('wadial'))).toEqual([]);
  });
});

describe('a session event', () => {
  it('names line and session to the other styles, the session alone when it is of no line', () => {
    const told: DeliverWebhookJob = {
      ...job,
      event: 'session.ended',
      sessionId: 'ses_0123456789abcdef',
      data: { sessionId: 'ses_0123456789abcdef' },
    };
    const older: DeliverWebhookJob = { ...told, data: undefined, lineId: undefined };
    expect(JSON.parse(deliveryRequest(told, webhook(), now).body)).toMatchObject({
      sessionId: 'lin_front',
      data: { sessionId: 'ses_0123456789abcdef' },
    });
    expect(JSON.parse(deliveryRequest(older, webhook(), now).body)).toMatchObject({
      sessionId: 'ses_0123456789abcdef',
      data: { sessionId: 'ses_0123456789abcdef' },
    });
    expect(JSON.parse(deliveryRequest(older, webhook({ style: 'pilot' }), now).body)).toMatchObject({
      whatsappNumberId: null,
      data: { sessionId: 'ses_0123456789abcdef', id: 'evt-call_1-call-ended' },
    });
  });
});
