import type {
  Connection,
  IntakeHost,
  IntakeLog,
  IntakeTime,
  OpenOptions,
  StreamStats,
  Transport,
} from '@earshot/intake';
import type { LIMITS, SessionRef } from '@earshot/protocol';
import type { Sessions } from '@earshot/sessions';

/** What the edges count themselves. */
export interface EdgeMetrics {
  /** Bytes as they came over the wire, without framing. */
  bytesReceived(transport: Transport, bytes: number): void;
}

type LimitName =
  | 'maxStreamBytes'
  | 'streamFlushMs'
  | 'streamDrainMs'
  | 'closeHandshakeMs'
  | 'pingIntervalMs'
  | 'streamIdleMs'
  | 'maxSocketBufferedBytes'
  | 'maxEmptyFramesPerSecond'
  | 'streamCreditBytes'
  | 'streamAckIntervalMs'
  | 'streamReadIntervalMs'
  | 'maxDigestedBytes'
  | 'bodyArchiveWaitMs';

/** The limits of connections; `LIMITS` unless a test narrows one. */
export type EdgeLimits = { readonly [Name in LimitName & keyof typeof LIMITS]: number };

/** What every way in needs of the node. */
export interface EdgeContext {
  readonly host: Pick<IntakeHost, 'open' | 'standing'>;
  readonly sessions: Pick<Sessions, 'findStream' | 'load' | 'standing'>;
  readonly limits: EdgeLimits;
  /** The clock of the host's ticks, and chance for retry hints. */
  readonly time: Pick<IntakeTime, 'elapsedMs' | 'random'>;
  readonly log: IntakeLog;
  readonly metrics: EdgeMetrics;
  /** Throws the refusal of a node that takes no connection now. */
  readonly admit: () => void;
}

/** The counts of a connection that sent nothing. */
export const NO_STATS: StreamStats = {
  frames: 0,
  malformedFrames: 0,
  duplicateFrames: 0,
  reorderedFrames: 0,
  oddBytes: 0,
};

/** Joins a connection to its session unless this node takes none now. */
export async function openConnection(
  context: EdgeContext,
  ref: SessionRef,
  options: OpenOptions,
): Promise<Connection> {
  context.admit();
  return await context.host.open(ref, options);
}
