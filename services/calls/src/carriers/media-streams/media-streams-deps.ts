import { LIMITS, type LineRecord } from '@earshot/protocol';
import type { TakeIncoming } from '../../ports.ts';
import type { StreamClaimer } from '../stream-claimer.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Where streams write what happened; no field ever holds a secret or a number. */
interface StreamLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

type LimitName =
  | 'pingIntervalMs'
  | 'closeHandshakeMs'
  | 'maxSocketBufferedBytes'
  | 'maxEmptyFramesPerSecond'
  | 'callPeerGoneMs'
  | 'callOpeningMs';

/** The limits of media streams; `LIMITS` unless a test narrows one. */
type StreamLimits = { readonly [Name in LimitName & keyof typeof LIMITS]: number };

export interface MediaStreamsDeps {
  /** By the name that lines use; a carrier that also places calls has its streams here too. */
  readonly settings: Readonly<Record<string, StreamSettings>>;
  /** The line of a URL; null when there is none. */
  readonly findLine: (lineId: string) => Promise<LineRecord | null>;
  readonly takeIncoming: TakeIncoming;
  /** Carriers that place calls know which streams are theirs, by name; other streams are incoming calls. */
  readonly claimers?: ReadonlyMap<string, StreamClaimer>;
  /** Where platforms reach this server, for signatures whose configuration does not say. */
  readonly publicOrigin?: string;
  /** Streams at once; more are refused with 503. */
  readonly maxStreams?: number;
  readonly log: StreamLog;
  readonly limits?: Partial<StreamLimits>;
  /** Monotonic, ms; the machine's when left out. */
  readonly elapsedMs?: () => number;
}

/** What every stream needs. */
export interface StreamContext extends Pick<MediaStreamsDeps, 'takeIncoming' | 'log'> {
  readonly claimers: ReadonlyMap<string, StreamClaimer>;
  readonly limits: StreamLimits;
  readonly elapsedMs: () => number;
}

export function streamContext(deps: MediaStreamsDeps): StreamContext {
  return {
    takeIncoming: deps.takeIncoming,
    log: deps.log,
    claimers: deps.claimers ?? new Map(),
    limits: { ...LIMITS, ...deps.limits },
    elapsedMs: deps.elapsedMs ?? (() => performance.now()),
  };
}
