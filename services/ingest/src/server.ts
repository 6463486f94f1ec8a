import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerUrlPolicy, httpOptions } from '@earshot/node';
import { idFrom } from '@earshot/protocol';
import type { QueueProducer } from '@earshot/queue';
import {
  checkUrl,
  createHttpServer,
  createLinkSigner,
  type HttpServer,
  type Metrics,
} from '@earshot/runtime';
import type { IngestConfig } from './config.ts';
import { API_DESCRIPTION, registerRoutes } from './http/http.ts';
import type { Parts } from './parts.ts';
import { mergeExpositions } from './processes/exposition.ts';
import { sumOfCapacities } from './stream/capacity/sum.ts';
import type { StreamEdge } from './stream/edge.ts';
import { prepareSpool } from './uploads/spool.ts';

/** The HTTP server with every route of the session API. */
export async function createServer(parts: Parts, edge: StreamEdge): Promise<HttpServer> {
  const { config, node, family } = parts;
  const { access, sessions, producer, store, archive } = node;
  const spoolFolder = config.EARSHOT_SPOOL_DIR ?? join(tmpdir(), 'earshot-spool');
  await prepareSpool(spoolFolder, Date.now());
  const text = async (): Promise<string> => mergeExpositions(await family.ask('metrics'));
  const server = await createHttpServer({
    ...httpOptions(parts),
    metrics: { ...parts.metrics, text },
    api: API_DESCRIPTION,
  });
  // What all processes would tell alike is told once.
  if (family.number === 1) collectQueueMetrics(parts.metrics, producer);
  family.answer('metrics', () => parts.metrics.text());
  family.answer('capacity', () => Promise.resolve(JSON.stringify(edge.capacity())));
  const newId = (prefix: 'whk'): string => idFrom(prefix, randomBytes(64));
  await registerRoutes(server, {
    sessions,
    archive,
    store,
    uploads: {
      sessions,
      store,
      spoolFolder,
      now: () => new Date(),
      maxChunkBytes: config.EARSHOT_MAX_CHUNK_BYTES,
      maxSingleBytes: config.EARSHOT_MAX_SINGLE_BYTES,
    },
    tokens: access.tokens,
    links: createLinkSigner({ secret: access.secret }),
    streams: edge,
    capacity: async () => sumOfCapacities(await family.ask('capacity')),
    checkUrl: (url) => checkUrl(url, callerUrlPolicy(config)),
    newId,
    now: () => new Date(),
    publicOrigin: config.EARSHOT_PUBLIC_ORIGIN,
    metrics: parts.metrics,
    discovery: {
      serviceName: config.EARSHOT_SERVICE_NAME,
      supportEmail: config.EARSHOT_SUPPORT_EMAIL,
      languages: { lite: config.EARSHOT_LANGUAGES_LITE, pro: config.EARSHOT_LANGUAGES_PRO },
      languageDetection: config.EARSHOT_LANGUAGE_DETECTION,
      sessionTtlSeconds: config.EARSHOT_SESSION_TTL_SECONDS,
      oidc: discoveryOidc(config),
    },
  });
  return server;
}

function collectQueueMetrics(metrics: Metrics, producer: QueueProducer): void {
  metrics.onCollect(async () => {
    for (const [queue, counts] of Object.entries(await producer.counts())) {
      const { oldestWaitMs, ...states } = counts;
      for (const [state, jobs] of Object.entries(states)) {
        metrics.set('earshot_queue_jobs', { queue, state }, jobs);
      }
      metrics.set('earshot_queue_oldest_seconds', { queue }, oldestWaitMs / 1000);
    }
  });
}

function discoveryOidc(config: IngestConfig) {
  const {
    EARSHOT_OIDC_ISSUER: issuer,
    EARSHOT_OIDC_AUTHORIZATION_ENDPOINT: authorizationEndpoint,
    EARSHOT_OIDC_TOKEN_ENDPOINT: tokenEndpoint,
  } = config;
  if (issuer === undefined || authorizationEndpoint === undefined || tokenEndpoint === undefined)
    return undefined;
  return { issuer, authorizationEndpoint, tokenEndpoint };
}
