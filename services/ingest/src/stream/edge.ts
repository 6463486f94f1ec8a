import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { IntakeHost, IntakeLog, IntakeTime } from '@earshot/intake';
import { LIMITS, type StreamBodyResponse } from '@earshot/protocol';
import { type BodyFeed, feedBody } from './body/feed-body.ts';
import { type Capacity, capacityOf, type JournalLoad, refusalFor } from './capacity/capacity.ts';
import { createProcessMeter, type ProcessMeter } from './capacity/process-meter.ts';
import { withRetryAfter } from './capacity/retry-after.ts';
import type { EdgeContext, EdgeLimits, EdgeMetrics } from './edge-context.ts';
import { type Appended, type AppendRequest, appendBody } from './resumable/append.ts';
import { type UploadState, uploadState } from './resumable/upload-state.ts';
import { createSocketEdge, type SocketSettings } from './socket/upgrade.ts';
import type { Target } from './target.ts';

/** Goodbyes that are on their way may take this long after the last stream was finished, ms. */
const GOODBYE_MS = 1000;

export interface StreamEdgeDeps extends SocketSettings {
  /** Where the audio goes. The edge begins and ends no host; `close` passes the deadline on. */
  readonly host: IntakeHost;
  readonly sessions: EdgeContext['sessions'];
  readonly log: IntakeLog;
  readonly metrics: EdgeMetrics;
  /** The disk under the journal, as `/capacity` tells it. */
  readonly journalLoad: () => JournalLoad;
  /** Live streams that the host takes. */
  readonly maxLiveStreams?: number;
  /** The clock of the host's ticks; the machine's when left out. */
  readonly time?: Pick<IntakeTime, 'elapsedMs' | 'random'>;
  readonly processMeter?: ProcessMeter;
  readonly limits?: Partial<EdgeLimits>;
}

/** The ways in of one node: sockets, streamed bodies, and bodies that go on where another ended. */
export interface StreamEdge {
  /** Listener for an HTTP server's `upgrade` event; answers every upgrade, refusals included. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  feedBody(feed: BodyFeed): Promise<StreamBodyResponse>;
  /** Appends a body where the stream stands. */
  append(request: AppendRequest): Promise<Appended>;
  /** Where the stream stands. */
  uploadState(target: Target): Promise<UploadState>;
  capacity(): Capacity;
  /** Streams open or being opened. */
  liveCount(): number;
  /**
   * Refuses new streams and closes all others with what they sent kept; resolves within `deadlineMs`, even if
   * storage does not answer.
   */
  close(deadlineMs: number): Promise<void>;
}

const MACHINE_TIME = { elapsedMs: () => performance.now(), random: () => Math.random() };

export function createStreamEdge(deps: StreamEdgeDeps): StreamEdge {
  const { host, sessions, log, metrics, time = MACHINE_TIME } = deps;
  const meter = deps.processMeter ?? createProcessMeter();
  let draining = false;
  const capacity = (): Capacity =>
    capacityOf({
      live: host.liveCount,
      maxLiveStreams: deps.maxLiveStreams ?? LIMITS.maxLiveStreams,
      draining,
      backlogBytes: host.backlogBytes,
      journal: deps.journalLoad(),
      process: meter.read(),
    });
  const admit = (): void => {
    const { limited_by: limitedBy } = capacity();
    // A connection that takes the place of another needs no room; only the host can tell.
    if (limitedBy !== null && limitedBy !== 'max_streams' && limitedBy !== 'disk')
      throw refusalFor(limitedBy);
  };
  const limits: EdgeLimits = { ...LIMITS, ...deps.limits };
  const context: EdgeContext = { host, sessions, limits, time, log, metrics, admit };
  const sockets = createSocketEdge(context, deps);
  return {
    handleUpgrade: (request, socket, head) => sockets.handleUpgrade(request, socket, head),
    feedBody: (feed) => hinted(feedBody(context, feed)),
    async append(request) {
      const appended = await hinted(appendBody(context, request));
      return { ...appended, error: withRetryAfter(appended.error) };
    },
    uploadState: (target) => hinted(uploadState(context, target)),
    capacity,
    liveCount: () => host.liveCount,
    async close(deadlineMs) {
      draining = true;
      sockets.refuse();
      const goodbyeMs = Math.min(GOODBYE_MS, deadlineMs / 4);
      await host.close(deadlineMs - goodbyeMs);
      await sockets.closed(goodbyeMs);
      meter.close();
    },
  };
}

/** Refusals of HTTP requests say when to try again. */
async function hinted<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw withRetryAfter(error);
  }
}
