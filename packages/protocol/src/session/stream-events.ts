import { z } from 'zod';
import { CutReason, TrackName } from '../records/ledger.ts';

/** The WebSocket subprotocol of clients that want acknowledgements, resume and live events. */
export const STREAM_PROTOCOL = 'earshot.v1';

const position = z.int().min(0);

/** First event of a connection: the first sample of each track that is still needed. Positions in samples. */
const StreamReady = z.object({
  event: z.literal('ready'),
  session_id: z.string(),
  /** Counts the writers of the session; acks carry it. */
  epoch: z.int().positive(),
  /** Of the only track, 0 for a new stream; with several tracks look at `tracks`. */
  next_sample: position,
  tracks: z.array(z.object({ track: TrackName, sample_rate: z.int().positive(), next_sample: position })),
  limits: z.object({ max_message_bytes: z.int(), max_stream_bytes: z.int() }),
  /** Bytes of PCM16 that may be on their way without a durable ack. */
  credit_bytes: z.int(),
});

/** How far a track is safe: in memory, on this node's disk, in the object store with its checksum verified. */
const StreamAck = z.object({
  event: z.literal('ack'),
  epoch: z.int().positive(),
  track: TrackName,
  received: position,
  durable: position,
  archived: position,
});

/** A segment was cut and stored. */
const StreamSegment = z.object({
  event: z.literal('segment'),
  track: TrackName,
  index: z.int().min(0),
  first_sample: position,
  samples: z.int().positive(),
  sample_rate: z.int().positive(),
  cut: CutReason,
  speech: z.boolean(),
  sha256: z.string(),
});

const StreamWarning = z.object({
  event: z.literal('warning'),
  type: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

/** The stream cannot go on; a close frame follows. */
const StreamError = z.object({
  event: z.literal('error'),
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** The server is about to close; `retry_after_ms` says when to connect again, where that makes sense. */
const StreamClosing = z.object({
  event: z.literal('closing'),
  code: z.int(),
  reason: z.string(),
  retry_after_ms: z.int().min(0).optional(),
});

/** What an `earshot.v1` client is told, one JSON text message each. */
export const StreamEvent = z.discriminatedUnion('event', [
  StreamReady,
  StreamAck,
  StreamSegment,
  StreamWarning,
  StreamError,
  StreamClosing,
]);
export type StreamEvent = z.infer<typeof StreamEvent>;
