import { type AudioNode, openNode } from '@earshot/node';
import type { LineRecord } from '@earshot/protocol';
import { CreateSessionRequest } from '@earshot/protocol';
import { createLifecycle, createLog, createMetrics } from '@earshot/runtime';
import { createCallIndex } from '@earshot/sessions';
import { type CallArchive, createCallArchive } from '@earshot/storage';
import { createLoopbackCarrier, type LoopbackCarrier } from '../carriers/loopback/loopback-carrier.ts';
import { readCallsConfig } from '../config.ts';
import { CallHost } from '../host/call-host.ts';
import type { Announce } from '../ports.ts';

/** A host of calls on real parts: Redis, a journal and objects in folders, the loopback carrier. */
export interface HostBench {
  readonly node: AudioNode;
  readonly archive: CallArchive;
  readonly host: CallHost;
  readonly loopback: LoopbackCarrier;
  readonly events: Parameters<Announce>[0][];
  close(): Promise<void>;
  /** As a killed process leaves it: nothing is ended, nothing is flushed. */
  abandon(): Promise<void>;
}

export const BENCH_LINE: LineRecord = {
  v: 1,
  lineId: 'lin_bench',
  tenant: 'clinic',
  name: 'Bench',
  number: null,
  carrier: 'loopback',
  record: true,
  transcribe: false,
  autoAnswer: false,
  model: 'lite',
  language: null,
  createdAt: '2026-01-01T00:00:00.000Z',
};

export async function startHostBench(options: {
  readonly redisUrl: string;
  readonly folder: string;
  readonly name?: string;
  readonly maxCalls?: number;
}): Promise<HostBench> {
  const { redisUrl, folder, name = 'bench' } = options;
  const config = readCallsConfig({
    REDIS_URL: redisUrl,
    EARSHOT_OBJECT_STORE: `file:${folder}/objects`,
    EARSHOT_JOURNAL_DIR: `${folder}/journal-${name}`,
    EARSHOT_JOURNAL_DURABILITY: 'os',
    EARSHOT_JOURNAL_RESERVE_BYTES: '0',
    EARSHOT_JOURNAL_LOW_WATER_BYTES: '0',
    EARSHOT_NODE_NAME: name,
    EARSHOT_TOKEN_SECRET: 'bench bench bench bench bench bench',
  });
  const log = createLog({ service: 'bench', level: 'silent' });
  const metrics = createMetrics({ service: 'bench' });
  const lifecycle = createLifecycle(log);
  const node = await openNode({ config, log, metrics, lifecycle }, () => undefined);
  await node.intake.recover();
  const archive = createCallArchive(node.store);
  const events: HostBench['events'] = [];
  const bench: { host?: CallHost } = {};
  const loopback = createLoopbackCarrier({
    log,
    takeIncoming: (call) => {
      if (bench.host === undefined) throw new Error('the host is not there yet');
      return bench.host.incoming(call);
    },
  });
  const host = new CallHost({
    archive,
    index: createCallIndex(node.redis),
    intake: node.intake,
    sessions: node.sessions,
    createSession: ({ tenant, createdBy, callId, lineId, record, transcribe, sessionId }) =>
      node.sessions.create(
        { tenant, subject: createdBy, test: true },
        {
          request: CreateSessionRequest.parse({ upload_type: 'stream', session_id: sessionId ?? undefined }),
          idempotencyKey: undefined,
          call: { callId, lineId, record, transcribe },
        },
      ),
    carriers: new Map([['loopback', loopback]]),
    announce: (event) => events.push(event),
    log,
    node: node.name,
    maxCalls: options.maxCalls ?? 100,
  });
  bench.host = host;
  await host.start();
  const leave = async (): Promise<void> => {
    await loopback.close();
    await node.intake.close(2000);
    await lifecycle.stop('close');
    metrics.close();
  };
  return {
    node,
    archive,
    host,
    loopback,
    events,
    async close() {
      await host.close(5000);
      await leave();
    },
    async abandon() {
      host.stop();
      await leave();
    },
  };
}
