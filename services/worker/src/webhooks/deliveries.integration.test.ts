import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DeliveryRecord, LIMITS, type WebhookRecord } from '@earshot/protocol';
import { GiveUp, type JobContext, RetryLater } from '@earshot/queue';
import { createGuardedFetch, createLog } from '@earshot/runtime';
import { createFolderStore, createSessionArchive, type SessionArchive } from '@earshot/storage';
import { type TemporaryFolder, temporaryFolder, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { createDeliverWebhook } from '../handlers/deliver-webhook.ts';

const job = {
  tenant: 'clinic',
  sessionId: 'ses_0123456789abcdef',
  webhookId: 'whk_1',
  eventId: 'evt-ses_0123456789abcdef-session-completed',
  event: 'session.completed' as const,
  occurredAt: '2026-01-01T00:00:00.000Z',
};
const context: JobContext = {
  attempt: 1,
  maxAttempts: LIMITS.webhookAttempts,
  finalAttempt: false,
  postponed: 0,
  mayPostpone: true,
  signal: new AbortController().signal,
};

interface Received {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: TemporaryFolder;
let archive: SessionArchive;
let server: Server;
let url: string;
let received: Received[];
let noted: DeliveryRecord[];
let logged: string[];
let answer: (response: ServerResponse) => void;

const record = (change: Partial<WebhookRecord> = {}): WebhookRecord => ({
  v: 1,
  webhookId: 'whk_1',
  tenant: 'clinic',
  url,
  events: ['session.completed'],
  secret: null,
  status: 'active',
  createdAt: '2026-01-01T00:00:00.000Z',
  ...change,
});

function handler(allowPrivate = true) {
  return createDeliverWebhook({
    archive,
    fetch: createGuardedFetch({ allowPrivate }),
    log: createLog({ service: 'test', level: 'warn', destination: { write: (line) => logged.push(line) } }),
    now: () => new Date(),
    deliveries: { note: (attempt) => Promise.resolve(void noted.push(attempt)) },
  });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  archive = createSessionArchive(createFolderStore(folder.path));
  received = [];
  noted = [];
  logged = [];
  answer = (response) => response.writeHead(204).end();
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, headers } = request;
      received.push({ method, headers, body: Buffer.concat(parts).toString() });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});

describe('a delivery', () => {
  it('that fails says which webhook it was and why, and nothing of its address', async () => {
    await archive.createWebhook(record({ secret: 'planted-secret' }));
    answer = (response) => response.writeHead(503).end();
    await expect(handler()(job, context)).rejects.toThrow('answered 503');
    await expect(handler(false)(job, context)).rejects.toThrow(GiveUp);
    const told = { webhook: 'whk_1', event: 'session.completed', eventId: job.eventId };
    expect(logged.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { ...told, status: 503, outcome: 'retrying', reason: 'the receiver answered 503' },
      { ...told, status: null, outcome: 'failed', reason: 'the address of the webhook is not allowed' },
    ]);
    expect(logged.join('')).not.toMatch(/hook"?$|127\.0\.0\.1|planted/m);
  });

  it('posts the thin payload, signed so that the reference library accepts it', async () => {
    await archive.createWebhook(record({ secret: 'a-plain-secret' }));
    await handler()(job, context);
    const [one] = received;
    expect(one?.method).toBe('POST');
    expect(one?.headers['content-type']).toBe('application/json');
    expect(one?.headers['x-msa-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    const headers = Object.fromEntries(
      Object.entries(one?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    const payload = new Webhook('a-plain-secret', { format: 'raw' }).verify(one?.body ?? '', headers);
    expect(payload).toEqual({
      event: 'session.completed',
      timestamp: '2026-01-01T00:00:00.000Z',
      session_id: 'ses_0123456789abcdef',
    });
  });

  it('without a secret is not signed', async () => {
    await archive.createWebhook(record());
    await handler()(job, context);
    expect(received[0]?.headers['webhook-id']).toBe(job.eventId);
    expect(received[0]?.headers['x-msa-signature']).toBeUndefined();
    expect(received[0]?.headers['webhook-signature']).toBeUndefined();
  });

  it('is not made when the webhook was removed or is disabled', async () => {
    await handler()(job, context);
    await archive.createWebhook(record({ status: 'disabled' }));
    await handler()(job, context);
    expect(received).toHaveLength(0);
  });

  it.each([500, 404, 302])(
    'fails on %s, is not redirected, and keeps its id when repeated',
    async (status) => {
      await archive.createWebhook(record());
      answer = (response) => response.writeHead(status, { location: `${url}/elsewhere` }).end();
      await expect(handler()(job, context)).rejects.toThrow();
      answer = (response) => response.writeHead(200).end();
      await handler()(job, { ...context, attempt: 2 });
      expect(received.map((one) => one.headers['webhook-id'])).toEqual([job.eventId, job.eventId]);
    },
  );

  it('answered 410 disables the webhook', async () => {
    await archive.createWebhook(record());
    answer = (response) => response.writeHead(410).end();
    await handler()(job, context);
    expect((await archive.readWebhook('clinic', 'whk_1'))?.status).toBe('disabled');
  });

  it('answered 410 brings back no webhook that was deleted meanwhile, and undoes no change', async () => {
    await archive.createWebhook(record({ secret: 'a-plain-secret' }));
    answer = (response) =>
      void archive
        .writeWebhook(record({ secret: 'a-newer-secret' }))
        .then(() => response.writeHead(410).end());
    await handler()(job, context);
    expect(await archive.readWebhook('clinic', 'whk_1')).toMatchObject({
      status: 'disabled',
      secret: 'a-newer-secret',
    });
    await archive.writeWebhook(record());
    answer = (response) =>
      void archive.removeWebhook('clinic', 'whk_1').then(() => response.writeHead(410).end());
    await handler()(job, context);
    expect(await archive.readWebhook('clinic', 'whk_1')).toBeNull();
  });

  it('is done when the status is there, however long the body goes on', async () => {
    await archive.createWebhook(record());
    answer = (response) => {
      response.writeHead(200);
      const feed = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.once('close', () => clearInterval(feed));
    };
    const started = performance.now();
    await handler()(job, context);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('never reaches a private address unless the operator allows it', async () => {
    const port = new URL(url).port;
    for (const target of [url, `https://127.0.0.1:${port}/`, `https://localhost:8443/`]) {
      await archive.writeWebhook(record({ url: target }));
      await expect(handler(false)(job, context)).rejects.toThrow();
    }
    expect(received).toHaveLength(0);
  });

  it('to an address that is refused outright is given up at once', async () => {
    await archive.createWebhook(record());
    await expect(handler(false)(job, context)).rejects.toBeInstanceOf(GiveUp);
  });
});

describe('one slow tenant', () => {
  it('has four deliveries open at most, and holds up nobody else', async () => {
    await archive.createWebhook(record());
    await archive.createWebhook(record({ tenant: 'other' }));
    const held: ServerResponse[] = [];
    answer = (response) => void held.push(response);
    const deliver = handler();
    const open = [1, 2, 3, 4].map(() => deliver(job, context));
    await until(() => held.length === 4);
    const wait = await deliver(job, { ...context, postponed: 3 }).catch((error: unknown) => error);
    expect(wait).toBeInstanceOf(RetryLater);
    expect((wait as RetryLater).delayMs).toBe(4000);
    answer = (response) => response.writeHead(204).end();
    await deliver({ ...job, tenant: 'other' }, context);
    for (const response of held) response.writeHead(204).end();
    await Promise.all(open);
    await deliver(job, context);
    expect(received).toHaveLength(6);
  });
});

describe('each attempt', () => {
  it('is noted with what the receiver said, and as what it was', async () => {
    await archive.createWebhook(record());
    answer = (response) => response.writeHead(503).end();
    await expect(handler()(job, context)).rejects.toThrow();
    await expect(handler()(job, { ...context, attempt: 10, finalAttempt: true })).rejects.toThrow();
    answer = (response) => response.socket?.destroy();
    await expect(handler()(job, { ...context, attempt: 2 })).rejects.toThrow();
    answer = (response) => response.writeHead(204).end();
    await handler()({ ...job, deliveryId: 'dlv_again' }, context);
    answer = (response) => response.writeHead(410).end();
    await handler()(job, { ...context, attempt: 3 });
    expect(noted.map(({ outcome, status, attempt }) => [outcome, status, attempt])).toEqual([
      ['retrying', 503, 1],
      ['failed', 503, 10],
      ['retrying', null, 2],
      ['delivered', 204, 1],
      ['gone', 410, 3],
    ]);
    expect(noted.map(({ deliveryId }) => deliveryId)).toEqual([
      ...Array.from({ length: 3 }, () => `dlv-${job.eventId}`),
      'dlv_again',
      `dlv-${job.eventId}`,
    ]);
    expect(noted[0]?.job).toEqual(job);
  });

  it('that is given up is noted as failed, one that a shutdown cut off not at all', async () => {
    await archive.createWebhook(record());
    await expect(handler(false)(job, context)).rejects.toBeInstanceOf(GiveUp);
    expect(noted.map(({ outcome, status }) => [outcome, status])).toEqual([['failed', null]]);
    const stopping = new AbortController();
    answer = () => stopping.abort();
    await expect(handler()(job, { ...context, signal: stopping.signal })).rejects.toThrow();
    expect(noted).toHaveLength(1);
  });
});
