import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EarshotError, LIMITS, type LineRecord } from '@earshot/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { refuseUpgrade } from '../../media/upgrade/refusal.ts';
import { checkUpgrade } from '../../media/upgrade/upgrade-request.ts';
import type { Carrier } from '../../ports.ts';
import { checkSender } from './auth/sender-check.ts';
import { MediaStream } from './call/media-stream.ts';
import { StandingCalls } from './call/standing-calls.ts';
import { type MediaStreamsDeps, type StreamContext, streamContext } from './media-streams-deps.ts';
import { withPublicOrigin } from './public-origin.ts';
import { readStreamRoute, type StreamRoute } from './stream-route.ts';
import type { StreamSettings } from './stream-settings.ts';

/** The subprotocol that Jambonz insists on; no other is spoken. */
const JAMBONZ = 'audio.jambonz.org';
/** Whoever is let in by then is; a line that takes longer to find is not waited for, ms. */
const ADMISSION_MS = 10_000;
/** Upgrades that may be waiting for that at once: whoever dials costs a look into storage before it is known. */
const MAX_ADMISSIONS = 64;
/** How often guards and deadlines are looked at, ms. */
const ROUND_MS = 250;

/** The sockets by which platforms bring their calls, `/carriers/media-streams/{lineId}/{routeSecret?}`. */
export interface MediaStreams {
  /** A carrier for each of the settings: it places no calls, and calls that it brings are answered already. */
  readonly carriers: ReadonlyMap<string, Carrier>;
  /** Answers an HTTP server's `upgrade` when its path is one of ours; false, and nothing was touched, when it is not. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Sockets that are open or being closed. */
  readonly count: number;
  /** Refuses new streams and ends the others with their calls (`shutdown`); resolves within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** Path and query as they came. */
  readonly path: string;
  readonly route: StreamRoute;
}

/** Throws an Error for settings that check a signature without knowing the public origin. */
export function createMediaStreams(deps: MediaStreamsDeps): MediaStreams {
  return new StreamEdge(deps);
}

class StreamEdge implements MediaStreams {
  readonly carriers: ReadonlyMap<string, Carrier>;
  readonly #deps: MediaStreamsDeps;
  readonly #settings: ReadonlyMap<string, StreamSettings>;
  readonly #context: StreamContext;
  readonly #server = createServer();
  readonly #calls = new StandingCalls();
  readonly #streams = new Set<MediaStream>();
  readonly #rounds: NodeJS.Timeout;
  #admissions = 0;
  #isClosing = false;

  constructor(deps: MediaStreamsDeps) {
    this.#deps = deps;
    this.#context = streamContext(deps);
    this.#settings = withPublicOrigin(deps.settings, deps.publicOrigin);
    this.carriers = new Map([...this.#settings].map(([name, one]) => [name, this.#carrier(name, one)]));
    this.#rounds = setInterval(() => this.#round(), ROUND_MS).unref();
  }

  get count(): number {
    return this.#streams.size;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = request.url ?? '';
    const route = readStreamRoute(path);
    if (route === null) return false;
    socket.on('error', () => undefined);
    // Whoever logs the request from here on cannot log a secret of its path.
    request.url = '/carriers/media-streams/';
    this.#admit(route === 'unknown' ? null : { request, socket, head, path, route }).catch(
      (error: unknown) => {
        if (!(error instanceof EarshotError)) this.#context.log.error({ err: error }, 'an upgrade failed');
        refuseUpgrade(socket, error);
      },
    );
    return true;
  }

  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    await this.#shutDown(this.#streams, deadlineMs);
    clearInterval(this.#rounds);
  }

  async #admit(upgrade: Upgrade | null): Promise<void> {
    if (this.#isClosing) throw new EarshotError('shutting_down');
    if (upgrade === null) throw new EarshotError('line_not_found');
    checkUpgrade(upgrade.request, () => true);
    const most = this.#deps.maxStreams ?? LIMITS.maxLiveCalls;
    const isFull = this.#streams.size + this.#admissions >= most || this.#admissions >= MAX_ADMISSIONS;
    if (isFull) throw new EarshotError('service_unavailable');
    this.#admissions += 1;
    try {
      const line = await withinMs(this.#deps.findLine(upgrade.route.lineId), ADMISSION_MS);
      this.#letIn(upgrade, line);
    } finally {
      this.#admissions -= 1;
    }
  }

  #letIn({ request, socket, head, path, route }: Upgrade, line: LineRecord | null): void {
    const settings = line === null ? undefined : this.#settings.get(line.carrier);
    if (line === null || settings === undefined) throw new EarshotError('line_not_found');
    checkSender(settings.auth, { headers: request.headers, path, pathSecret: route.pathSecret });
    if (this.#isClosing) throw new EarshotError('shutting_down');
    if (socket.destroyed) return;
    this.#server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      const gone = (stream: MediaStream): void => void this.#streams.delete(stream);
      const parts = { webSocket, line, settings, calls: this.#calls, gone };
      this.#streams.add(new MediaStream(this.#context, parts));
    });
  }

  #carrier(name: string, { listenOnly }: StreamSettings): Carrier {
    const talk = !listenOnly;
    return {
      name,
      capabilities: { originate: false, answer: false, talk, dtmf: true, mark: talk, clear: talk },
      close: () => {
        const own = [...this.#streams].filter((stream) => stream.carrier === name);
        return this.#shutDown(new Set(own), this.#context.limits.closeHandshakeMs);
      },
    };
  }

  async #shutDown(streams: Iterable<MediaStream>, deadlineMs: number): Promise<void> {
    const leaving = [...streams];
    const until = performance.now() + deadlineMs;
    for (const stream of leaving) stream.shutDown();
    const isThere = (stream: MediaStream): boolean => this.#streams.has(stream);
    while (leaving.some(isThere) && performance.now() < until) await sleep(10);
    for (const stream of leaving.filter(isThere)) stream.cut();
  }

  #round(): void {
    const now = this.#context.elapsedMs();
    for (const stream of this.#streams) stream.tick(now);
    this.#calls.expire(now - this.#context.limits.callPeerGoneMs);
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
    handleProtocols: (offered) => (offered.has(JAMBONZ) ? JAMBONZ : false),
  });
}

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new EarshotError('service_unavailable', { message: 'The line could not be found in time.' });
  });
  timeout.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
  }
}
