import { LiveStream } from './engine/live-stream.ts';
import type { AudioStreamEvent } from './engine/settings.ts';
import { Connector, type TransportChoice } from './link/connector.ts';
import { RAW_SAMPLE_RATE, type StreamAudio, type StreamMode } from './link/framing.ts';
import { type SocketConstructor, socketConstructor } from './link/socket.ts';
import type { StreamEnd, StreamProgress } from './stream-end.ts';

export interface StreamOptions {
  /** Samples per second of what is sent; 16000 when left out. */
  readonly sampleRate?: number;
  /** `raw` is the default at 16 kHz; other rates need `envelope`, which declares them. */
  readonly mode?: StreamMode;
  /** `auto` starts with a WebSocket and falls back to HTTP requests where something on the way strips upgrades. */
  readonly transport?: TransportChoice;
  readonly WebSocket?: SocketConstructor;
  readonly fetch?: typeof fetch;
  /** What happens to the stream. Called in order; what it throws is reported as an uncaught error. */
  readonly onEvent?: (event: AudioStreamEvent) => void;
  /** How far the stream is, after each change. */
  readonly onProgress?: (progress: StreamProgress) => void;
  /** Audio kept until the server has it on disk, bytes; when it is full, `send` waits. 8 MiB when left out. */
  readonly bufferBytes?: number;
  /** A drop is worked on for this long before the stream is given up, ms; 5 minutes when left out. */
  readonly resumeForMs?: number;
  /** The first connection is tried for this long, ms; 30 s when left out. */
  readonly openForMs?: number;
  /** How long one connection may take to be ready, ms; 10 s when left out. */
  readonly connectTimeoutMs?: number;
  /** A server that owes an ack and says nothing for this long is connected to anew, ms; 20 s when left out. */
  readonly stallMs?: number;
  /** Waits between tries, ms: the first of at most `baseDelayMs` (250), doubled up to `maxDelayMs` (15 s). */
  readonly retry?: { readonly baseDelayMs?: number; readonly maxDelayMs?: number };
  /** Bytes that may wait in the socket itself; 512 KiB when left out. */
  readonly highWaterBytes?: number;
}

/** Live audio for a session, which survives drops, restarts of the server and changes of network by itself. */
export interface AudioStream {
  /**
   * Sends PCM16 mono in order; resolves when the audio is in the buffer, which waits while that is full. Rejects with
   * StreamClosedError when the stream is over.
   */
  send(audio: StreamAudio): Promise<void>;
  /**
   * Says that the audio is complete and resolves when the server has all of it on disk and has closed (code 1000).
   * Rejects with StreamClosedError when that did not come about, with code 1006 when `timeoutMs` is over.
   */
  stop(options?: { reason?: string; timeoutMs?: number }): Promise<StreamEnd>;
  /** Hangs up at once. What the server has received is kept, and the session stays open. */
  close(): void;
  /** Resolves when the stream is over, by whomever. */
  readonly closed: Promise<StreamEnd>;
  /** False when the server sends no acks: then nothing is sent again after a drop, which ends the stream. */
  readonly acknowledged: boolean;
  readonly progress: StreamProgress;
}

const MEBIBYTE = 1_048_576;
/** Without acks a server that never closes is noticed by this alone, ms. */
const PLAIN_STOP_MS = 30_000;

/**
 * Connects to a session's `upload_url`; resolves when the server takes audio. Rejects with StreamClosedError when the
 * server refuses or cannot be reached for `openForMs`, and with RangeError for options that do not fit together.
 */
export async function openAudioStream(uploadUrl: string, options: StreamOptions = {}): Promise<AudioStream> {
  const stream = new LiveStream(await connectorOf(uploadUrl, options), {
    resume: {
      resumeForMs: options.resumeForMs ?? 300_000,
      baseDelayMs: options.retry?.baseDelayMs ?? 250,
      maxDelayMs: options.retry?.maxDelayMs ?? 15_000,
    },
    openForMs: options.openForMs ?? 30_000,
    bufferBytes: options.bufferBytes ?? 8 * MEBIBYTE,
    plainBufferBytes: options.highWaterBytes ?? MEBIBYTE / 2,
    stallMs: options.stallMs ?? 20_000,
    onEvent: told(options.onEvent),
    onProgress: told(options.onProgress),
  });
  await stream.open();
  return {
    closed: stream.closed,
    acknowledged: stream.acknowledged,
    get progress() {
      return stream.progress;
    },
    send: (audio) => stream.send(audio),
    stop: ({ reason, timeoutMs = stream.acknowledged ? undefined : PLAIN_STOP_MS } = {}) =>
      stream.stop(reason, timeoutMs),
    close: () => stream.close(),
  };
}

async function connectorOf(uploadUrl: string, options: StreamOptions): Promise<Connector> {
  const sampleRate = options.sampleRate ?? RAW_SAMPLE_RATE;
  const mode = options.mode ?? (sampleRate === RAW_SAMPLE_RATE ? 'raw' : 'envelope');
  if (mode === 'raw' && sampleRate !== RAW_SAMPLE_RATE) {
    throw new RangeError(`raw streams have ${RAW_SAMPLE_RATE} samples per second; use mode "envelope"`);
  }
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  return new Connector({
    uploadUrl,
    transport: options.transport ?? 'auto',
    SocketClass: await socketConstructor(options.WebSocket),
    fetch: options.fetch ?? globalThis.fetch,
    mode,
    sampleRate,
    connectTimeoutMs,
    answerTimeoutMs: options.stallMs ?? 20_000,
    highWaterBytes: options.highWaterBytes ?? MEBIBYTE / 2,
  });
}

/** A caller's function as one that cannot break the stream. */
function told<T>(tell: ((what: T) => void) | undefined): (what: T) => void {
  if (tell === undefined) return () => undefined;
  return (what) => {
    try {
      tell(what);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
