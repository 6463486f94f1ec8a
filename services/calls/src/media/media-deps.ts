import { LIMITS } from '@earshot/protocol';
import type { Principal, RequestHeaders } from '@earshot/runtime';
import type { Calls } from '../ports.ts';

/** Where the media edge writes what happened; no field ever holds a token or a key. */
interface MediaLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Hears what is worth counting. Its methods must not throw. */
export interface MediaObserver {
  /** A client was let in. */
  opened(client: MediaClientName): void;
  closed(client: MediaClientName, outcome: string): void;
  /** An upgrade was answered with an error of the catalogue. */
  refused(code: string): void;
  /** Samples that a client did not get because it read too slowly. */
  gap(callId: string, samples: number): void;
  /** Bytes that a listening client sent, which go nowhere. */
  ignored(callId: string, bytes: number): void;
  malformed(callId: string): void;
}

/** Which client something is about. */
export interface MediaClientName {
  readonly callId: string;
  readonly mode: 'talk' | 'listen';
  /** How it was let in, which also says what it speaks: PCM16LE with a token, Float32LE with a credential. */
  readonly by: 'token' | 'credential';
}

type LimitName =
  | 'pingIntervalMs'
  | 'closeHandshakeMs'
  | 'maxSocketBufferedBytes'
  | 'maxEmptyFramesPerSecond'
  | 'maxListenersPerCall'
  | 'mediaCredentialCheckMs';

/** The limits of media sockets; `LIMITS` unless a test narrows one. */
type MediaLimits = { readonly [Name in LimitName & keyof typeof LIMITS]: number };

export interface MediaEdgeDeps {
  readonly calls: Pick<Calls, 'attach' | 'carries' | 'get'>;
  /** Tells whose the credential of a request is; throws as `Authenticator.authenticate` does. */
  readonly authenticate: (headers: RequestHeaders) => Promise<Principal>;
  /** Origins whose pages may open media sockets, `:*` for any port; programs send none and may always. */
  readonly allowedOrigins: readonly string[];
  readonly log: MediaLog;
  readonly observer?: MediaObserver;
  /** Bytes of one PCM16 message to a client with a token: even, up to one second. */
  readonly mediaFrameBytes?: number;
  readonly limits?: Partial<MediaLimits>;
  /** Monotonic, ms; the machine's when left out. */
  readonly elapsedMs?: () => number;
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** What every client needs of the edge. */
export interface MediaContext {
  readonly limits: MediaLimits;
  readonly elapsedMs: () => number;
  readonly log: MediaLog;
  readonly observer: MediaObserver;
}

const ignore = (): void => undefined;
const NO_OBSERVER: MediaObserver = {
  opened: ignore,
  closed: ignore,
  refused: ignore,
  gap: ignore,
  ignored: ignore,
  malformed: ignore,
};

export function mediaContext(deps: MediaEdgeDeps): MediaContext {
  return {
    limits: { ...LIMITS, ...deps.limits },
    elapsedMs: deps.elapsedMs ?? (() => performance.now()),
    log: deps.log,
    observer: deps.observer ?? NO_OBSERVER,
  };
}
