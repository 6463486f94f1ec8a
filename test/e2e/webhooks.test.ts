import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { awaitResult, bytesOf, createSession, cut, endSession, streamMessages } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';
import { spokenSample } from '../rig/speech.ts';

const SECRET = 'whsec_dGhpcyBpcyBhIHRlc3Qgc2VjcmV0IG9mIG91cnM=';
interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let rig: Rig;
let receiver: Server;
let url: string;
const deliveries: Delivery[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      deliveries.push({ headers: request.headers, body });
      // The first delivery of each event fails, so that every event is seen to be repeated with the same id.
      const seen = deliveries.filter(
        (other) => other.headers['webhook-id'] === request.headers['webhook-id'],
      );
      response.writeHead(seen.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  rig = await startRig({ engine: createScriptedEngine({ script: () => 'confidential words' }) });
}, 60_000);
afterAll(async () => {
  await rig.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const register = (target: Rig, body: object): Promise<Response> =>
  target.call('/webhooks', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const eventOf = ({ body }: Delivery): string => (JSON.parse(body) as { event: string }).event;

describe('webhooks', () => {
  it('tell every step of a session, signed both ways, again after a failure, with ids and state only', async () => {
    const events = ['session.started', 'session.ended', 'session.completed'];
    expect((await register(rig, { url, events, secret: SECRET })).status).toBe(201);
    const session = await createSession(rig, { upload_type: 'stream' });
    await streamMessages(session.upload_url, cut(bytesOf(spokenSample(3)), [3200]));
    await endSession(rig, session.session_id);
    await awaitResult(rig, session.session_id);
    await until(() => deliveries.length >= 6, { timeoutMs: 30_000 });
    expect([...new Set(deliveries.map(eventOf))].sort()).toEqual([...events].sort());
    expect(new Set(deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
    for (const { headers, body } of deliveries) {
      const names = headers as Record<string, string>;
      expect(() => new Webhook(SECRET).verify(body, names)).not.toThrow();
      const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(names['x-msa-signature'] ?? '') ?? [];
      expect(v1).toBe(createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex'));
      expect(Object.keys(JSON.parse(body) as object).sort()).toEqual(['event', 'session_id', 'timestamp']);
      expect(body).not.toContain('confidential');
    }
  }, 90_000);

  it('are listed without their secret and can be deleted once', async () => {
    const created = (await (
      await register(rig, { url, events: ['session.failed'], secret: SECRET })
    ).json()) as {
      webhook_id: string;
    };
    const list = await (await rig.call('/webhooks')).text();
    expect(list).toContain(created.webhook_id);
    expect(list).not.toContain('whsec_');
    expect((await rig.call(`/webhooks/${created.webhook_id}`, { method: 'DELETE' })).status).toBe(204);
    const again = await rig.call(`/webhooks/${created.webhook_id}`, { method: 'DELETE' });
    expect([again.status, await again.json()]).toMatchObject([404, { error: { code: 'webhook_not_found' } }]);
  });

  it('refuse an empty event list, and outside development every address that is not public', async () => {
    expect((await register(rig, { url, events: [] })).status).toBe(400);
    const strict = await startRig({ worker: false, env: { EARSHOT_WEBHOOK_ALLOW_INSECURE: 'false' } });
    const targets = [
      'http://example.org/',
      url,
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://169.254.169.254/',
    ];
    for (const target of targets) {
      const answer = await register(strict, { url: target, events: ['session.ended'] });
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { error: { code: 'invalid_request' } },
      ]);
    }
    await strict.stop();
  }, 60_000);
});
