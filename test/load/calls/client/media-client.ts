import { WebSocket } from 'ws';
import { monotonicMs, readTick, type SampleAt, type StampedTick, TICK_SAMPLES } from './stamps.ts';

/** How audio looks on a socket: floats on the WADial face, 16-bit integers on the Pilot face. */
type Encoding = 'float32' | 'pcm16';

/** Where to connect, and how. */
export interface MediaAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly encoding: Encoding;
}

/** What a client is told of each message of audio. */
export interface MediaWatch {
  /** `ticks`: in order; `atMs`: when the message was there, monotonic. */
  ticks(ticks: readonly StampedTick[], atMs: number): void;
  /** Audio that is not there: the server says so, or a tick is missing between two. */
  missing(ticks: number): void;
}

/** One program on a call's audio. */
export interface MediaClient {
  /** Sends samples at once, as one message. */
  talk(samples: Int16Array): void;
  /** True until the socket closes. */
  readonly isOpen: boolean;
  close(): void;
}

const TICK_MS = 20;

/** Connects; resolves when audio may flow. The calls' own ends are for their owner to know. */
export async function openMediaClient(address: MediaAddress, watch: MediaWatch): Promise<MediaClient> {
  const { url, headers, encoding } = address;
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  let lastSpokenMs: number | undefined;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    const atMs = monotonicMs();
    const ticks = ticksOf(data, encoding);
    watch.ticks(ticks, atMs);
    for (const { spokenMs } of ticks) {
      const passed = lastSpokenMs === undefined ? 1 : Math.round((spokenMs - lastSpokenMs) / TICK_MS);
      if (passed > 1) watch.missing(passed - 1);
      lastSpokenMs = spokenMs;
    }
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return {
    talk: (samples) => socket.send(bytesOf(samples, encoding)),
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    close: () => socket.terminate(),
  };
}

function ticksOf(data: Buffer, encoding: Encoding): StampedTick[] {
  const bytesPerSample = encoding === 'pcm16' ? 2 : 4;
  const sampleAt: SampleAt =
    encoding === 'pcm16'
      ? (index) => data.readInt16LE(2 * index)
      : (index) => Math.round(data.readFloatLE(4 * index) * 32_768);
  const ticks: StampedTick[] = [];
  for (let from = 0; (from + TICK_SAMPLES) * bytesPerSample <= data.length; from += TICK_SAMPLES) {
    const tick = readTick(sampleAt, from);
    if (tick !== null) ticks.push(tick);
  }
  return ticks;
}

function bytesOf(samples: Int16Array, encoding: Encoding): Buffer {
  if (encoding === 'pcm16') return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.from(Float32Array.from(samples, (sample) => sample / 32_768).buffer);
}
