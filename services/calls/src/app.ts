import { type AudioNode, importBootstrapKey, type NodeBase, openNode, repeat } from '@earshot/node';
import { CreateLineRequest, EarshotError, LIMITS } from '@earshot/protocol';
import { createDeliveryLog, createLifecycle, createLog, createMetrics } from '@earshot/runtime';
import { createCallIndex } from '@earshot/sessions';
import { createCallArchive } from '@earshot/storage';
import { type Carriers, openCarriers } from './carriers/carriers.ts';
import type { CallsConfig } from './config.ts';
import { createAnnouncer } from './events/announcer.ts';
import { CallHost } from './host/call-host.ts';
import { createCallSession } from './host/call-session.ts';
import { createMediaEdge, type MediaEdge } from './media/media-edge.ts';
import { createMediaObserver } from './media/media-metrics.ts';
import { refuseUpgrade } from './media/upgrade/refusal.ts';
import type { Parts } from './parts.ts';
import { createServer } from './server.ts';

/** The calls service: lines, live calls and their audio, recordings, events, realtime secrets. */
export interface CallsApp {
  /** Listens; resolves when requests are taken. */
  start(): Promise<{ url: string }>;
  /** Ends the live calls, keeps their audio, lets go of everything. */
  close(): Promise<void>;
  /** Resolves when the journal can no longer keep its promise: the process has to leave. */
  readonly failed: Promise<Error>;
}

const DRAIN_MS = 15_000;
const MAINTENANCE_MS = 15_000;

/** Composes the service from its settings; the only place that knows the concrete adapters. */
export async function createCallsApp(config: CallsConfig): Promise<CallsApp> {
  const log = createLog({ service: 'calls', level: config.LOG_LEVEL });
  const metrics = createMetrics({ service: 'calls' });
  const lifecycle = createLifecycle(log);
  try {
    return await compose({ config, log, metrics, lifecycle });
  } catch (error) {
    await lifecycle.stop('could not start');
    metrics.close();
    throw error;
  }
}

async function compose(base: NodeBase<CallsConfig>): Promise<CallsApp> {
  const { config, log, metrics, lifecycle } = base;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const parts = await openParts(base, (error) => {
    log.fatal({ err: error }, 'the journal failed; this process has to leave');
    fail(error);
  });
  const { node } = parts;
  lifecycle.onStop('intake', () => node.intake.close(DRAIN_MS), DRAIN_MS + 1000);
  const { host, carriers } = await openHost(parts);
  const media = createMedia(parts, host);
  host.onEnded((callId) => media.callEnded(callId));
  const server = await createServer(parts, { host, carriers, media });
  lifecycle.onStop('http server', () => server.close(), DRAIN_MS);
  // Calls end first, so that their clients hear it; then the sockets.
  lifecycle.onStop('media sockets', () => media.close(DRAIN_MS), DRAIN_MS + 1000);
  lifecycle.onStop('carriers', () => carriers.close(), DRAIN_MS + 1000);
  lifecycle.onStop('calls', () => host.close(DRAIN_MS), DRAIN_MS + 1000);
  metrics.onCollect(() => {
    metrics.set('earshot_calls_live', {}, host.liveCount);
    metrics.set('earshot_media_clients', {}, media.clients);
    metrics.set('earshot_call_ticks_skipped', {}, host.skippedTicks);
  });
  await importBootstrapKey(config, parts.keyring);
  await makeFirstLine(parts);
  return {
    failed,
    async start() {
      await node.intake.recover();
      await host.start();
      const url = await server.listen({ host: config.EARSHOT_HOST, port: config.EARSHOT_CALLS_PORT });
      server.server.on('upgrade', (request, socket, head) => {
        if (media.handleUpgrade(request, socket, head) || carriers.handleUpgrade(request, socket, head))
          return;
        refuseUpgrade(socket, new EarshotError('resource_not_found'));
      });
      const stopped = new AbortController();
      const stop = repeat(() => maintain(node, host, stopped.signal), MAINTENANCE_MS, log);
      lifecycle.onStop(
        'maintenance',
        async () => {
          stopped.abort();
          await stop();
        },
        5000,
      );
      log.info({ url, store: node.store.description, node: node.name }, 'calls is listening');
      return { url };
    },
    async close() {
      await lifecycle.stop('close');
      metrics.close();
    },
  };
}

/** Also carries through the Ends of calls whose tail was late: there may be no ingest node that does it. */
async function maintain({ sessions }: AudioNode, host: CallHost, signal: AbortSignal): Promise<void> {
  await host.maintain();
  await sessions.carryEnds(signal);
}

async function openParts(
  base: NodeBase<CallsConfig>,
  onJournalFailure: (error: Error) => void,
): Promise<Parts> {
  const { config, log, lifecycle } = base;
  const intakeLimits = { maxConcurrentPuts: LIMITS.maxConcurrentCallPuts };
  const node = await openNode({ ...base, intakeLimits }, onJournalFailure);
  const announce = createAnnouncer({
    events: node.events,
    archive: node.archive,
    producer: node.producer,
    now: () => new Date(),
    log,
  });
  lifecycle.onStop('announcements', () => announce.close(), 5000);
  return {
    ...base,
    node,
    keyring: node.access.keyring,
    archive: createCallArchive(node.store),
    index: createCallIndex(node.redis),
    events: node.events,
    deliveries: createDeliveryLog(node.redis),
    announce,
    publicOrigin: config.EARSHOT_CALLS_PUBLIC_ORIGIN,
  };
}

/** Host and carriers know each other: the host places calls on carriers, and carriers bring calls to the host. */
async function openHost(parts: Parts): Promise<{ host: CallHost; carriers: Carriers }> {
  const { node, archive, index, announce, log, config } = parts;
  const known: { host?: CallHost } = {};
  const carriers = await openCarriers(parts, (call) => {
    if (known.host === undefined) throw new Error('calls came in before the service was composed');
    return known.host.incoming(call);
  });
  const host = new CallHost({
    archive,
    index,
    intake: node.intake,
    sessions: node.sessions,
    createSession: createCallSession(node.sessions, archive),
    carriers: carriers.byName,
    announce,
    log,
    node: node.name,
    maxCalls: config.EARSHOT_MAX_CALLS,
  });
  known.host = host;
  return { host, carriers };
}

/** A line to begin with, so that a call can be placed at once; one that is there is left alone. */
async function makeFirstLine({ config, archive }: Parts): Promise<void> {
  if (config.EARSHOT_FIRST_LINE === undefined) return;
  const { lineId = '', ...habits } = CreateLineRequest.parse({
    lineId: config.EARSHOT_FIRST_LINE,
    name: 'First line',
    carrier: 'loopback',
    transcribe: true,
  });
  const createdAt = new Date().toISOString();
  await archive.createLine({ v: 1, lineId, tenant: config.EARSHOT_BOOTSTRAP_TENANT, ...habits, createdAt });
}

function createMedia({ node, config, log, metrics }: Parts, host: CallHost): MediaEdge {
  return createMediaEdge({
    calls: host,
    authenticate: (headers) => node.access.authenticator.authenticate(headers),
    allowedOrigins: config.EARSHOT_MEDIA_ORIGINS ?? [],
    log,
    observer: createMediaObserver(metrics),
    mediaFrameBytes: config.EARSHOT_MEDIA_FRAME_BYTES,
  });
}
