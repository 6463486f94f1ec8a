import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerUrlPolicy, httpOptions } from '@earshot/node';
import { EarshotError, idFrom, type RealtimeMediaResponse } from '@earshot/protocol';
import {
  checkUrl,
  createGuardedFetch,
  createHttpServer,
  createLinkSigner,
  type HttpServer,
  type RequestHeaders,
} from '@earshot/runtime';
import { registerAssets } from './assets/assets.ts';
import { createClips } from './assets/clips.ts';
import { createSpoolFolder } from './assets/spool-folder.ts';
import { createWorkSlots } from './assets/work-slots.ts';
import type { Carriers } from './carriers/carriers.ts';
import { registerLoopbackIncoming } from './carriers/loopback/incoming-route.ts';
import { registerTwilioCallbacks } from './carriers/twilio/callbacks/routes.ts';
import { registerPilotWebhooks } from './events/registration/pilot-webhooks.ts';
import { registerWadialWebhooks } from './events/registration/wadial-webhooks.ts';
import { registerEventStream } from './events/stream/event-stream.ts';
import { registerPilotFace } from './faces/pilot/pilot.ts';
import { registerWadialFace } from './faces/wadial/wadial.ts';
import type { CallHost } from './host/call-host.ts';
import type { MediaEdge } from './media/media-edge.ts';
import { stillMayUse } from './media/upgrade/credential.ts';
import type { Parts } from './parts.ts';
import { registerRecordings } from './recordings/recordings.ts';
import { createSecretBroker } from './secrets/broker.ts';
import { openProviders } from './secrets/open-providers.ts';
import { registerRealtimeSecrets } from './secrets/routes.ts';

const API_DESCRIPTION = {
  title: 'earshot calls API',
  version: '0.1.0',
  description:
    'Live calls: place and take them, talk and listen over a WebSocket, play prepared audio, get recordings and transcripts, hear of events. Two faces of the same calls: `/v1/calls` and `/api/v1/sessions/{line}/calls`. And short-lived secrets for realtime voice models.',
} as const;

/** Decoding of uploaded and fetched audio at once, and what may wait for it. */
const DECODING = { running: 2, waiting: 32 } as const;

/** What the routes of the service call. */
export interface ServerParts {
  readonly host: CallHost;
  readonly carriers: Carriers;
  readonly media: MediaEdge;
}

/** The HTTP server with every route of calls and realtime secrets. */
export async function createServer(parts: Parts, services: ServerParts): Promise<HttpServer> {
  const { archive, node } = parts;
  const limits = { realtime: parts.config.EARSHOT_REALTIME_LIMIT_PER_MINUTE };
  const server = await createHttpServer({ ...httpOptions(parts, limits), api: API_DESCRIPTION });
  await registerCalls(server, parts, services);
  registerRecordings(server, {
    store: node.store,
    archive,
    calls: services.host,
    links: createLinkSigner({ secret: node.access.secret }),
    announce: parts.announce,
    publicOrigin: parts.publicOrigin,
    now,
  });
  registerEvents(server, parts);
  await registerSecrets(server, parts);
  return server;
}

const now = (): Date => new Date();
const newId = (prefix: 'lin' | 'ast' | 'whk' | 'dlv' | 'aud'): string => idFrom(prefix, randomBytes(64));

async function registerCalls(server: HttpServer, parts: Parts, services: ServerParts): Promise<void> {
  const { config, log, archive, node, keyring, lifecycle } = parts;
  const { host, carriers, media } = services;
  const stopped = new AbortController();
  lifecycle.onStop('audio preparation', () => stopped.abort(), 1000);
  const spool = createSpoolFolder(config.EARSHOT_SPOOL_DIR ?? join(tmpdir(), 'earshot-calls-spool'));
  await spool.sweep(now());
  const slots = createWorkSlots(DECODING);
  const signal = stopped.signal;
  const clips = createClips({
    store: node.store,
    archive,
    spool,
    slots,
    fetch: createGuardedFetch(callerUrlPolicy(config)),
    signal,
    onFailure: (error) => log.warn({ err: error }, 'a clip could not be read on'),
  });
  registerPilotFace(server, {
    calls: host,
    archive,
    keyring,
    clips,
    mintMediaToken: createMinting(parts, { host, media }),
    carriers: [...carriers.byName.keys()],
    newId,
    now,
  });
  registerWadialFace(server, { calls: host, archive, clips });
  await registerAssets(server, { store: node.store, archive, spool, slots, newId, now, signal });
  if (carriers.loopback !== undefined) {
    registerLoopbackIncoming(server, { carrier: carriers.loopback, lines: archive });
  }
  if (carriers.twilio.length > 0 && parts.publicOrigin !== undefined) {
    await registerTwilioCallbacks(server, {
      receivers: carriers.twilio,
      publicUrl: parts.publicOrigin,
      log,
    });
  }
}

/** Tokens for the audio of a call; they, and whoever came in with them, last as long as the credential does. */
function createMinting({ node, publicOrigin }: Parts, { host, media }: Pick<ServerParts, 'host' | 'media'>) {
  const { authenticator } = node.access;
  const authenticate = (headers: RequestHeaders) => authenticator.authenticate(headers);
  return async (
    callId: string,
    mode: 'talk' | 'listen',
    headers: RequestHeaders,
  ): Promise<RealtimeMediaResponse> => {
    const { tenant, line } = await authenticate(headers);
    const { lineId, ...call } = await host.get({ tenant, lineId: line, id: callId });
    if (call.state !== 'active') throw new EarshotError('call_not_active');
    const credential = stillMayUse(authenticate, headers, { tenant, lineId });
    const minted = media.mint({ tenant, lineId, callId: call.callId, mode, credential });
    return {
      wsUrl: `${(publicOrigin ?? `http://${String(headers['host'])}`).replace(/^http/, 'ws')}${minted.path}`,
      token: minted.token,
      expiresInSeconds: minted.expiresInSeconds,
    };
  };
}

function registerEvents(server: HttpServer, parts: Parts): void {
  const { config, node, archive, events, deliveries, publicOrigin } = parts;
  registerEventStream(server, { events, lines: archive, authenticator: node.access.authenticator });
  const webhooks = {
    archive: node.archive,
    deliveries,
    lines: archive,
    producer: node.producer,
    checkUrl: (url: string) => checkUrl(url, callerUrlPolicy(config)),
    ownOrigins: publicOrigin === undefined ? [] : [new URL(publicOrigin).origin],
    newId,
    randomBytes: (count: number) => randomBytes(count),
    now,
  };
  registerPilotWebhooks(server, webhooks);
  registerWadialWebhooks(server, webhooks);
}

async function registerSecrets(server: HttpServer, { config, log, node, lifecycle }: Parts): Promise<void> {
  const opened = await openProviders({
    file: config.EARSHOT_REALTIME_PROVIDERS,
    stub: config.EARSHOT_REALTIME_STUB,
  });
  lifecycle.onStop('realtime providers', () => opened.close(), 2000);
  const broker = createSecretBroker({ providers: opened.providers, store: node.store, log, newId, now });
  registerRealtimeSecrets(server, { broker });
}
