import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EarshotError, LIMITS, MEDIA_PROTOCOL, MEDIA_TOKEN_PROTOCOL } from '@earshot/protocol';
import { createOriginTest } from '@earshot/runtime';
import { type WebSocket, WebSocketServer } from 'ws';
import { MediaClient } from './client/media-client.ts';
import { FLOAT32, type MediaFormat, pcm16Format } from './client/media-format.ts';
import type { ClientRounds } from './client-rounds.ts';
import type { MediaContext, MediaEdgeDeps } from './media-deps.ts';
import type { MediaTokens } from './tokens/media-tokens.ts';
import { type Admitted, admitByCredential, admitByToken } from './upgrade/admission.ts';
import { type MediaTarget, offeredProtocols } from './upgrade/media-target.ts';
import { checkUpgrade } from './upgrade/upgrade-request.ts';

/** Whoever is let in by then is; an answer from elsewhere that takes longer is not waited for, ms. */
const ADMISSION_MS = 10_000;
/** Upgrades that may wait for that at once. */
const MAX_ADMISSIONS = 1000;

/** One upgrade to a media socket. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly target: MediaTarget;
}

/** What the door opens to. */
export interface DoorParts {
  readonly context: MediaContext;
  readonly tokens: MediaTokens;
  readonly rounds: ClientRounds;
}

/** Lets clients in, or tells why not. */
export class Door {
  isClosed = false;
  readonly #deps: MediaEdgeDeps;
  readonly #parts: DoorParts;
  readonly #server = createServer();
  readonly #pcm16: MediaFormat;
  readonly #isAllowedOrigin: (origin: string) => boolean;
  #waiting = 0;

  constructor(deps: MediaEdgeDeps, parts: DoorParts) {
    this.#deps = deps;
    this.#parts = parts;
    this.#pcm16 = pcm16Format(deps.mediaFrameBytes ?? LIMITS.mediaFrameBytes);
    this.#isAllowedOrigin = createOriginTest(deps.allowedOrigins);
  }

  /** Answers 101, or rejects with the refusal. A token is read before the first wait. */
  async admit(upgrade: Upgrade): Promise<void> {
    if (this.isClosed) throw new EarshotError('shutting_down');
    checkUpgrade(upgrade.request, this.#isAllowedOrigin);
    if (this.#waiting >= MAX_ADMISSIONS) throw new EarshotError('service_unavailable');
    this.#waiting += 1;
    try {
      const isByToken = upgrade.target.by === 'token';
      const asked = isByToken
        ? admitByToken(this.#deps, this.#parts.tokens, upgrade)
        : admitByCredential(this.#deps, upgrade);
      this.#join(upgrade, await withinMs(asked, ADMISSION_MS));
    } finally {
      this.#waiting -= 1;
    }
  }

  /** From the hold on the call to the 101 nothing is awaited, so nothing can get between. */
  #join(upgrade: Upgrade, { name, credential }: Admitted): void {
    const { context, rounds } = this.#parts;
    if (this.isClosed) throw new EarshotError('shutting_down');
    if (upgrade.socket.destroyed) return;
    if (name.mode === 'listen' && rounds.listenersOf(name.callId) >= context.limits.maxListenersPerCall) {
      throw new EarshotError('service_unavailable', {
        message: 'This call has as many listeners as it can.',
      });
    }
    const offered = offeredProtocols(upgrade.request.headers['sec-websocket-protocol']);
    const isByToken = name.by === 'token';
    const profile = {
      name,
      credential,
      format: isByToken ? this.#pcm16 : FLOAT32,
      hasTexts: !isByToken || offered.includes(MEDIA_PROTOCOL),
    };
    const client = new MediaClient(context, profile, (gone) => rounds.remove(gone));
    const tap = this.#deps.calls.attach(name.callId, name.mode, client);
    const webSocket = shakeHands(this.#server, upgrade);
    if (webSocket === undefined) {
      tap.detach();
      return;
    }
    rounds.add(client);
    client.open(webSocket, tap);
  }
}

function createServer(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Pongs are ours, so that a flood of pings ends with a reason.
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.maxMessageBytes,
    maxFragments: LIMITS.maxMessageFragments,
    handleProtocols: (offered) => {
      if (offered.has(MEDIA_PROTOCOL)) return MEDIA_PROTOCOL;
      // A browser that offers its token alone hears back what is spent by now, or it would not take the answer.
      return [...offered].find((name) => name.startsWith(MEDIA_TOKEN_PROTOCOL)) ?? false;
    },
  });
}

/** Answers 101; undefined when the client has gone meanwhile. What it sends at once waits for our listeners. */
function shakeHands(server: WebSocketServer, { request, socket, head }: Upgrade): WebSocket | undefined {
  let opened: WebSocket | undefined;
  server.handleUpgrade(request, socket, head, (webSocket) => {
    opened = webSocket;
  });
  return opened;
}

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T> {
  const inTime = new AbortController();
  const late = sleep(ms, undefined, { signal: inTime.signal }).then(() => {
    throw new EarshotError('service_unavailable', { message: 'Access could not be checked in time.' });
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    inTime.abort();
  }
}
