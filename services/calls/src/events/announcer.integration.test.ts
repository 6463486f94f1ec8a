import type { DeliverWebhookJob, WebhookRecord } from '@earshot/protocol';
import { createConsumers } from '@earshot/queue';
import { connectRedis } from '@earshot/runtime';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAnnouncer } from './announcer.ts';
import { type EventBench, LINE, OTHER_LINE, startEventBench } from './testing/event-bench.ts';

const CALL = 'call_0123456789abcdefghijklmnop';

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: EventBench;
let queued: DeliverWebhookJob[];
let stopConsumers: () => Promise<void>;

beforeEach(async () => {
  redis = await startRedis({ appendonly: true });
  folder = await temporaryFolder();
  bench = await startEventBench({ redisUrl: redis.url, folder: folder.path });
  queued = [];
  const connection = connectRedis(redis.url, { role: 'worker' });
  const idle = (): Promise<void> => Promise.resolve();
  const consumers = createConsumers({
    connection,
    handlers: {
      'decode-uploads': idle,
      'transcribe-segment': idle,
      'assemble-transcript': idle,
      'render-recording': idle,
      'deliver-webhook': (job) => Promise.resolve(void queued.push(job)),
    },
    concurrency: {
      'decode-uploads': 1,
      'transcribe-segment': 1,
      'assemble-transcript': 1,
      'render-recording': 1,
      'deliver-webhook': 1,
    },
  });
  consumers.start();
  stopConsumers = async () => {
    await consumers.close(500);
    connection.disconnect();
  };
});
afterEach(async () => {
  await stopConsumers();
  await bench.stop();
  await redis.stop();
  await folder.remove();
});

let webhooks = 0;
async function register(change: Partial<WebhookRecord>): Promise<string> {
  webhooks += 1;
  const webhookId = `whk_${String(webhooks).padStart(26, '0')}`;
  await bench.archive.createWebhook({
    v: 1,
    webhookId,
    tenant: 'clinic',
    url: 'https://example.org/hook',
    events: ['*'],
    secret: null,
    status: 'active',
    createdAt: '2026-01-01T00:00:00.000Z',
    style: 'standard',
    ...change,
  });
  return webhookId;
}

const announce = (change: Partial<Parameters<EventBench['announcer']>[0]> = {}): void =>
  bench.announcer({
    type: 'call.ended',
    tenant: 'clinic',
    lineId: LINE,
    callId: CALL,
    data: { reason: 'hangup' },
    ...change,
  });

describe('an announcement', () => {
  it('goes to the log, and to the webhooks that asked for it on that line', async () => {
    const told = [
      await register({}),
      await register({ events: ['call.missed', 'call.ended'], lineIds: [OTHER_LINE, LINE] }),
      await register({ style: 'pilot', lineIds: [LINE] }),
    ];
    await register({ lineIds: [OTHER_LINE] });
    await register({ events: [] });
    await register({ events: ['session.ended'] });
    await register({ status: 'disabled' });
    await register({ tenant: 'stranger' });
    announce({ data: { reason: 'hangup', transcript: { text: 'spoken words' }, list: ['spoken'] } });
    await until(() => queued.length >= told.length);
    await bench.announcer.close();
    expect(queued.map(({ webhookId }) => webhookId).sort()).toEqual([...told].sort());
    const [logged] = await bench.events.read({ tenant: 'clinic', lineId: LINE }, null, 10);
    expect(logged?.event).toEqual({
      id: `evt-${CALL}-call-ended`,
      type: 'call.ended',
      tenant: 'clinic',
      lineId: LINE,
      occurredAt: expect.any(String),
      data: { reason: 'hangup', callId: CALL },
    });
    for (const job of queued) {
      expect(job).toMatchObject({
        eventId: `evt-${CALL}-call-ended`,
        event: 'call.ended',
        lineId: LINE,
        sessionId: LINE,
        data: { reason: 'hangup', callId: CALL },
      });
      expect(JSON.stringify(job)).not.toContain('spoken');
    }
  });

  it('made again is one event and one delivery, with a nonce it is another', async () => {
    await register({});
    for (let time = 0; time < 3; time += 1) announce();
    announce({ type: 'call.dtmf', nonce: '1' });
    announce({ type: 'call.dtmf', nonce: '2' });
    await until(() => queued.length >= 3);
    await bench.announcer.close();
    await until(async () => (await bench.producer.counts())['deliver-webhook'].waiting === 0);
    expect(queued.map(({ eventId }) => eventId).sort()).toEqual([
      `evt-${CALL}-call-dtmf-1`,
      `evt-${CALL}-call-dtmf-2`,
      `evt-${CALL}-call-ended`,
    ]);
    expect(await bench.events.read({ tenant: 'clinic', lineId: LINE }, null, 10)).toHaveLength(3);
  });

  it('reaches a webhook that was registered right before, in the middle of other events', async () => {
    for (let round = 0; round < 5; round += 1) announce({ type: 'call.dtmf', nonce: `early-${round}` });
    const webhookId = await register({ events: ['call.ended'] });
    announce();
    await until(() => queued.length === 1);
    expect(queued[0]).toMatchObject({ webhookId, event: 'call.ended' });
  });

  it('while Redis is away throws nothing, and is delivered when it is back', async () => {
    await register({});
    await redis.kill();
    const started = performance.now();
    announce();
    expect(performance.now() - started).toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(queued).toEqual([]);
    await redis.restart();
    await until(() => queued.length === 1, { timeoutMs: 15_000 });
    expect(queued[0]?.eventId).toBe(`evt-${CALL}-call-ended`);
  });

  it('that waits for Redis does not keep the process from closing', async () => {
    const given: string[] = [];
    const announcer = createAnnouncer({
      events: bench.events,
      archive: bench.archive,
      producer: { deliverWebhook: () => Promise.reject(new Error('away')) },
      log: { warn: (_fields: unknown, message?: string) => void given.push(message ?? '') },
      now: () => new Date(),
      retryMs: [60_000, 60_000],
    });
    await register({});
    announcer({ type: 'call.ended', tenant: 'clinic', lineId: LINE, callId: CALL, data: {} });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = performance.now();
    await announcer.close();
    expect(performance.now() - started).toBeLessThan(5000);
    expect(given).toEqual(['an event could not be queued for its webhooks']);
  });
});
