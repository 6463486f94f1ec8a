import { EarshotConnectionError } from '../http/api-error.ts';
import { pause } from '../http/requester.ts';
import {
  audioBytes,
  audioMessages,
  RAW_SAMPLE_RATE,
  type StreamAudio,
  type StreamMode,
  startMessage,
  stopMessage,
} from './framing.ts';
import { type Socket, type SocketConstructor, type SocketEvent, socketConstructor } from './socket.ts';

export interface StreamOptions {
  /** Samples per second of what is sent; 16000 when left out. */
  readonly sampleRate?: number;
  /** `raw` is the default at 16 kHz; other rates need `envelope`, which declares them. */
  readonly mode?: StreamMode;
  readonly WebSocket?: SocketConstructor;
  /** How long the connection may take to open, ms; 10 s when left out. */
  readonly connectTimeoutMs?: number;
  /** Bytes that may wait in the socket before `send` makes its caller wait; 512 KiB when left out. */
  readonly highWaterBytes?: number;
}

/** How a socket ended, as the server said it (RFC 6455 section 7.4). */
export interface StreamEnd {
  readonly code: number;
  readonly reason: string;
}

/** The stream ended before it should: the close code and reason say why. */
export class StreamClosedError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(end: StreamEnd) {
    super(`The stream was closed with ${end.code}${end.reason === '' ? '' : ` (${end.reason})`}.`);
    this.name = 'StreamClosedError';
    this.code = end.code;
    this.reason = end.reason;
  }
}

/** A live connection that feeds a session. After a drop, audio that was still under way may be lost. */
export interface AudioStream {
  /** Sends PCM16 mono in order; resolves when the socket can take more. Rejects with StreamClosedError. */
  send(audio: StreamAudio): Promise<void>;
  /** Says that the audio is complete and waits until the server has stored it and closed (code 1000). */
  stop(options?: { reason?: string; timeoutMs?: number }): Promise<StreamEnd>;
  /** Hangs up at once. What the server has received is kept, and the session stays open. */
  close(): void;
  /** Resolves when the socket is closed, by whomever. */
  readonly closed: Promise<StreamEnd>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 30_000;
const HIGH_WATER_BYTES = 524_288;
const DRAIN_POLL_MS = 5;

/** Connects to a session's `upload_url`. Rejects with EarshotConnectionError when the server refuses. */
export async function openAudioStream(uploadUrl: string, options: StreamOptions = {}): Promise<AudioStream> {
  const sampleRate = options.sampleRate ?? RAW_SAMPLE_RATE;
  const mode = options.mode ?? (sampleRate === RAW_SAMPLE_RATE ? 'raw' : 'envelope');
  if (mode === 'raw' && sampleRate !== RAW_SAMPLE_RATE) {
    throw new RangeError(`raw streams have ${RAW_SAMPLE_RATE} samples per second; use mode "envelope"`);
  }
  const SocketClass = await socketConstructor(options.WebSocket);
  const socket = new SocketClass(uploadUrl);
  socket.binaryType = 'arraybuffer';
  const closed = new Promise<StreamEnd>((resolve) => {
    socket.addEventListener('close', (event) => resolve(endOf(event)));
  });
  await opened(socket, options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  if (mode === 'envelope') socket.send(startMessage(sampleRate));
  return feeder(socket, closed, { mode, highWater: options.highWaterBytes ?? HIGH_WATER_BYTES });
}

function feeder(
  socket: Socket,
  closed: Promise<StreamEnd>,
  settings: { mode: StreamMode; highWater: number },
): AudioStream {
  const state: { end: StreamEnd | undefined } = { end: undefined };
  void closed.then((end) => {
    state.end = end;
  });
  const room = async () => {
    while (state.end === undefined && socket.bufferedAmount > settings.highWater) await pause(DRAIN_POLL_MS);
    if (state.end !== undefined) throw new StreamClosedError(state.end);
  };
  let line = Promise.resolve();
  const sendInOrder = async (audio: StreamAudio) => {
    for (const message of audioMessages(audioBytes(audio), settings.mode)) {
      await room();
      socket.send(message);
    }
    await room();
  };
  return {
    closed,
    send(audio) {
      const turn = line.then(() => sendInOrder(audio));
      line = turn.catch(() => undefined);
      return turn;
    },
    async stop({ reason, timeoutMs = STOP_TIMEOUT_MS } = {}) {
      await line;
      if (state.end !== undefined) throw new StreamClosedError(state.end);
      socket.send(stopMessage(reason));
      const end = await withinTime(closed, timeoutMs, () => socket.close());
      if (end.code !== 1000) throw new StreamClosedError(end);
      return end;
    },
    close: () => socket.close(1000),
  };
}

async function opened(socket: Socket, timeoutMs: number): Promise<void> {
  let problem = '';
  const connected = new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => resolve(true));
    socket.addEventListener('close', () => resolve(false));
    socket.addEventListener('error', (event) => {
      problem = event.message ?? '';
    });
  });
  const ok = await withinTime(connected, timeoutMs, () => socket.close());
  if (!ok) {
    const detail = problem === '' ? '' : ` ${problem}.`;
    throw new EarshotConnectionError(`The stream could not be opened.${detail}`);
  }
}

/** The outcome, or an error after `timeoutMs`; `giveUp` then frees what was waiting. */
async function withinTime<T>(outcome: Promise<T>, timeoutMs: number, giveUp: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      giveUp();
      reject(new EarshotConnectionError(`The server did not answer on the stream in ${timeoutMs} ms.`));
    }, timeoutMs);
  });
  return Promise.race([outcome, late]).finally(() => clearTimeout(timer));
}

function endOf(event: SocketEvent): StreamEnd {
  return { code: event.code ?? 1006, reason: event.reason ?? '' };
}
