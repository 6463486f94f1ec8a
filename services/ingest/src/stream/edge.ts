import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { EarshotError, LIMITS, type StreamBodyResponse } from '@earshot/protocol';
import { type BodyFeed, feedBody } from './body/feed-body.ts';
import { systemClock } from './context/clock.ts';
import { Deadline } from './context/deadline.ts';
import type {
  CutSettings,
  SegmentStore,
  StreamClock,
  StreamLimits,
  StreamLog,
  StreamMetrics,
  StreamSessions,
} from './context/ports.ts';
import { createStorageSlots } from './context/storage-slots.ts';
import { LiveStreams, type LiveStreamsContext } from './live/live-streams.ts';
import { createSocketEdge, type SocketSettings } from './socket/upgrade.ts';

/** The part of a shutdown in which storage may still take audio; the rest is for goodbyes and records. */
const FLUSH_SHARE = 0.5;

export interface StreamEdgeDeps extends SocketSettings {
  readonly sessions: StreamSessions;
  readonly index: LiveStreamsContext['index'];
  readonly store: SegmentStore;
  /** Name of this node in stream leases; notices for it arrive through the index. */
  readonly node: string;
  readonly log: StreamLog;
  readonly metrics: StreamMetrics;
  readonly cut?: CutSettings;
  readonly clock?: StreamClock;
  readonly limits?: Partial<StreamLimits>;
}

/** The live intake of one node: sockets and streamed bodies. */
export interface StreamEdge {
  /** Listener for an HTTP server's `upgrade` event; answers every upgrade, refusals included. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  feedBody(feed: BodyFeed): Promise<StreamBodyResponse>;
  /** Streams open or being opened. */
  liveCount(): number;
  /**
   * Refuses new streams and closes all others with what they sent stored; resolves within `deadlineMs`, even
   * if storage does not answer.
   */
  close(deadlineMs: number): Promise<void>;
}

export function createStreamEdge(deps: StreamEdgeDeps): StreamEdge {
  const { sessions, index, store, node, log, metrics, cut = {}, clock = systemClock } = deps;
  const limits: StreamLimits = { ...LIMITS, ...deps.limits };
  const live = new LiveStreams({ index, node, limits, clock, log });
  const slots = createStorageSlots(LIMITS.maxConcurrentPuts);
  const context = { sessions, store, slots, limits, clock, log, metrics, cut, live, node };
  const sockets = createSocketEdge(context, deps);
  let closing = false;
  return {
    handleUpgrade: (request, socket, head) => sockets.handleUpgrade(request, socket, head),
    async feedBody(feed) {
      if (closing) throw new EarshotError('shutting_down');
      return await feedBody(context, feed);
    },
    liveCount: () => live.count,
    async close(deadlineMs) {
      closing = true;
      sockets.refuse();
      live.haltAll(deadlineMs * FLUSH_SHARE);
      const timer = new Deadline();
      timer.within(deadlineMs);
      await timer
        .bound(live.empty())
        .catch(() => log.error({ streams: live.count }, 'streams were left unfinished'));
      timer.clear();
    },
  };
}
