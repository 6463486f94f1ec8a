import { createStreamMetrics, importBootstrapKey, openNode } from '@earshot/node';
import { createLifecycle, createLog, createMetrics } from '@earshot/runtime';
import type { IngestConfig } from './config.ts';
import { startTimers } from './maintenance/timers.ts';
import type { Parts } from './parts.ts';
import { alone } from './processes/family.ts';
import { settingsOf } from './processes/journal-folders.ts';
import { type LeftBehind, takeUpLeftBehind } from './processes/left-behind.ts';
import { routeUpgrades } from './processes/upgrade-router.ts';
import { createServer } from './server.ts';
import type { JournalLoad } from './stream/capacity/capacity.ts';
import { createCommitMeter } from './stream/capacity/commit-meter.ts';
import { createProcessMeter } from './stream/capacity/process-meter.ts';
import { createStreamEdge, type StreamEdge } from './stream/edge.ts';

/** The ingest service: the HTTP and WebSocket edge of sessions. */
export interface IngestApp {
  /** Listens; resolves when requests are taken. */
  start(): Promise<{ url: string }>;
  /** Stops intake, flushes live streams, lets go of everything. */
  close(): Promise<void>;
  /** Resolves when the journal can no longer keep its promise: the process has to leave. */
  readonly failed: Promise<Error>;
  /** Id of the bootstrap key, when one was configured. */
  readonly bootstrapKeyId: string | undefined;
}

const DRAIN_MS = 15_000;

/** Composes the service from its settings; the only place that knows the concrete adapters. */
export async function createIngestApp(config: IngestConfig, family = alone()): Promise<IngestApp> {
  const { number, size } = family;
  const service = createLog({ service: 'ingest', level: config.LOG_LEVEL });
  const log = size === 1 ? service : service.child({ process: number });
  const labels = size === 1 ? {} : { process: String(number) };
  const metrics = createMetrics({ service: 'ingest', labels });
  const lifecycle = createLifecycle(log);
  try {
    return await compose({ config: settingsOf(config, number), log, metrics, lifecycle, family });
  } catch (error) {
    await lifecycle.stop('could not start');
    metrics.close();
    throw error;
  }
}

async function compose(base: Omit<Parts, 'node'>): Promise<IngestApp> {
  const { config, log, metrics, lifecycle, family } = base;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const onJournalFailure = (error: Error): void => {
    log.fatal({ err: error }, 'the journal failed; this process has to leave');
    fail(error);
  };
  const node = await openNode(base, onJournalFailure);
  const parts = { ...base, node };
  const edge = createEdge(parts);
  const server = await createServer(parts, edge);
  lifecycle.onStop('http server', () => server.close(), DRAIN_MS);
  lifecycle.onStop('live streams', () => edge.close(DRAIN_MS), DRAIN_MS + 1000);
  const { sessions, index } = node;
  const onUpgrade = routeUpgrades({ family, sessions, index, edge });
  return {
    failed,
    bootstrapKeyId: await importBootstrapKey(config, node.access.keyring),
    async start() {
      await node.intake.recover();
      const url = await server.listen({ host: config.EARSHOT_HOST, port: config.EARSHOT_PORT });
      server.server.on('upgrade', onUpgrade);
      if (family.number === 1) await tend({ ...parts, processes: family.size, onJournalFailure });
      family.ready(node.name);
      log.info({ url, store: node.store.description, node: node.name }, 'ingest is listening');
      return { url };
    },
    async close() {
      await lifecycle.stop('close');
      metrics.close();
    },
  };
}

/** What one process of a service does for all of them. */
async function tend(parts: Parts & LeftBehind): Promise<void> {
  const { lifecycle, node, log } = parts;
  lifecycle.onStop('timers', startTimers(node.sessions, log), 5000);
  await takeUpLeftBehind(parts);
}

function createEdge({ config, log, metrics, node, family }: Parts): StreamEdge {
  const commits = createCommitMeter();
  const journalLoad = (): JournalLoad => {
    const { commitMs, ...figures } = node.journal.figures();
    return { ...figures, state: node.journal.journal.state, commitMs: commits.add(commitMs) };
  };
  return createStreamEdge({
    host: node.intake,
    sessions: node.sessions,
    log,
    metrics: createStreamMetrics(metrics),
    journalLoad,
    processMeter: createProcessMeter(family.size),
    maxLiveStreams: config.EARSHOT_MAX_STREAMS,
    limits: {
      streamReadIntervalMs: config.EARSHOT_STREAM_READ_MS,
      streamAckIntervalMs: config.EARSHOT_STREAM_ACK_MS,
    },
    ...(config.EARSHOT_WAVIX_FORMAT === undefined ? {} : { wavixFormat: config.EARSHOT_WAVIX_FORMAT }),
    ...(config.EARSHOT_STREAM_ORIGINS === undefined ? {} : { allowedOrigins: config.EARSHOT_STREAM_ORIGINS }),
  });
}
