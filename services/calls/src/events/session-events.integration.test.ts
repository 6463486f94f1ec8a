import { type AudioNode, openNode } from '@earshot/node';
import { CreateSessionRequest, type SessionCall } from '@earshot/protocol';
import { createLifecycle, createLog, createMetrics, type Lifecycle, type Metrics } from '@earshot/runtime';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { createWorkerApp, readWorkerConfig, type WorkerApp } from '@earshot/worker';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readCallsConfig } from '../config.ts';
import { type EventBench, LINE, OTHER_LINE, startEventBench } from './testing/event-bench.ts';
import { type EventClient, openEvents } from './testing/event-client.ts';

const CALL: SessionCall = {
  callId: 'call_0123456789abcdefghijklmnop',
  lineId: LINE,
  record: false,
  transcribe: false,
};

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: EventBench;
let node: AudioNode;
let worker: WorkerApp;
let lifecycle: Lifecycle;
let metrics: Metrics;

beforeAll(async () => {
  redis = await startRedis({ appendonly: true });
  folder = await temporaryFolder();
  const env = {
    REDIS_URL: redis.url,
    EARSHOT_OBJECT_STORE: `file:${folder.path}/objects`,
    EARSHOT_JOURNAL_DIR: `${folder.path}/journal`,
    EARSHOT_JOURNAL_RESERVE_BYTES: '1048576',
    LOG_LEVEL: 'silent',
  };
  bench = await startEventBench({ redisUrl: redis.url, folder: `${folder.path}/objects` });
  const log = createLog({ service: 'test', level: 'silent' });
  lifecycle = createLifecycle(log);
  metrics = createMetrics({ service: 'test' });
  const base = { config: readCallsConfig(env), log, metrics, lifecycle };
  node = await openNode(base, () => undefined);
  const engine = createScriptedEngine({ script: () => 'confidential words' });
  worker = await createWorkerApp(readWorkerConfig(env), { engines: { lite: engine, pro: engine } });
  await worker.start();
}, 60_000);
afterAll(async () => {
  await worker.close();
  await lifecycle.stop('test');
  metrics.close();
  await bench.stop();
  await redis.stop();
  await folder.remove();
}, 60_000);

/** A session without audio, from its creation to its transcript. */
async function sessionOf(call: SessionCall | undefined): Promise<string> {
  const { sessionId } = await node.sessions.create(
    { tenant: 'clinic', subject: 'key_1', test: true },
    {
      request: CreateSessionRequest.parse({ upload_type: 'stream' }),
      idempotencyKey: undefined,
      ...(call === undefined ? {} : { call }),
    },
  );
  await node.sessions.end({ tenant: 'clinic', sessionId }, {});
  return sessionId;
}

const told = ({ events }: EventClient): unknown[] =>
  events.map(({ event, data }) => {
    const { sessionId, data: fields } = JSON.parse(data) as { sessionId: string; data: unknown };
    return [event, sessionId, fields];
  });

describe('the sessions of a tenant', () => {
  it('are heard on the line of their call, and without one by the whole tenant alone', async () => {
    const open = (path: string, key: string): Promise<EventClient> =>
      openEvents(`${bench.origin}${path}`, { key });
    const line = await open(`/api/v1/sessions/${LINE}/events`, bench.keys.line);
    const other = await open(`/api/v1/sessions/${OTHER_LINE}/events`, bench.keys.otherLine);
    const tenant = await open('/api/v1/events', bench.keys.tenant);
    const ofCall = await sessionOf(CALL);
    const plain = await sessionOf(undefined);
    await until(() => tenant.events.length === 4 && line.events.length === 2, { timeoutMs: 20_000 });
    expect(told(line).map((one) => (one as string[])[0])).toEqual([
      'session.ended',
      expect.stringMatching(/^session\.(completed|partial|failed)$/),
    ]);
    for (const one of told(line)) {
      expect(one).toEqual([expect.any(String), LINE, { callId: CALL.callId, sessionId: ofCall }]);
    }
    const others = told(tenant).filter((one) => !JSON.stringify(one).includes(ofCall));
    expect(others).toEqual([
      ['session.ended', plain, { sessionId: plain }],
      [expect.stringMatching(/^session\./), plain, { sessionId: plain }],
    ]);
    expect(other.events).toEqual([]);
    for (const client of [line, other, tenant]) client.close();
  }, 60_000);
});
