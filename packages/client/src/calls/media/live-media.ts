import { LIMITS, type MediaCommand, MediaEvent } from '@earshot/protocol';
import { EarshotConnectionError } from '../../http/api-error.ts';
import { pause } from '../../http/requester.ts';
import { Signal } from '../../stream/engine/signal.ts';
import type { Socket, SocketEvent } from '../../stream/link/socket.ts';
import { type CallMedia, MediaClosedError, type MediaEnd, type MediaOptions } from './call-media.ts';
import type { AskedSocket } from './media-socket.ts';
import { decodeSamples, encodeSamples, type MediaEncoding } from './sample-format.ts';
import { TalkGate } from './talk-gate.ts';

type Ready = Extract<MediaEvent, { type: 'ready' }>['media'];

const CONNECT_TIMEOUT_MS = 10_000;
/** A server that does not answer our close frame is left after this, ms. */
const CLOSE_TIMEOUT_MS = 2000;
/** Samples of one message, 100 ms. */
const PIECE_SAMPLES = LIMITS.callSampleRate / 10;
/** Bytes in the socket above which the next piece waits. */
const HIGH_WATER_BYTES = 65_536;
const DRAIN_POLL_MS = 5;
const NEVER_SAID = 'The server never said that it was ready.';

/** Waits until the server has said what it speaks. Rejects with EarshotApiError or EarshotConnectionError. */
export async function joinMedia(asked: AskedSocket, options: MediaOptions): Promise<CallMedia> {
  const media = new LiveMedia(asked.socket, options);
  // A refusal that comes after the time is up is nobody's matter.
  asked.refused.catch(() => undefined);
  const timer = setTimeout(() => media.cut(NEVER_SAID), options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  try {
    return await Promise.race([media.opened, asked.refused]);
  } catch (error) {
    media.cut('');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class LiveMedia implements CallMedia {
  readonly opened: Promise<LiveMedia>;
  readonly ended: Promise<MediaEnd>;
  readonly #socket: Socket;
  readonly #options: MediaOptions;
  readonly #gate = new TalkGate();
  readonly #changed = new Signal();
  readonly #marks = new Map<
    string,
    { settle(state: 'played' | 'cleared'): void; fail(error: Error): void }
  >();
  #ready: Ready | undefined;
  #end: MediaEnd | undefined;
  #isCallOver = false;
  #marksSet = 0;
  #problem = '';
  #settleOpened: (media: LiveMedia) => void = () => undefined;
  #failOpened: (error: Error) => void = () => undefined;
  #settleEnded: (end: MediaEnd) => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: Socket, options: MediaOptions) {
    this.#socket = socket;
    this.#options = options;
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpened = resolve;
      this.#failOpened = reject;
    });
    // Whoever waits hears of it; nobody waits any more once the server has refused.
    this.opened.catch(() => undefined);
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('error', ({ message }) => {
      this.#problem ||= message ?? '';
    });
    socket.addEventListener('close', (event) => this.#over(event));
  }

  get direction(): Ready['direction'] {
    return this.#ready?.direction ?? 'receive';
  }

  async send(samples: Float32Array): Promise<void> {
    for (let at = 0; at < samples.length; at += PIECE_SAMPLES) {
      await this.#room();
      const piece = samples.subarray(at, at + PIECE_SAMPLES);
      this.#socket.send(encodeSamples(piece, this.#encoding()));
    }
    await this.#room();
  }

  mark(): Promise<'played' | 'cleared'> {
    if (this.#end !== undefined) return Promise.reject(new MediaClosedError(this.#end));
    this.#marksSet += 1;
    const name = `mark-${this.#marksSet}`;
    const answered = new Promise<'played' | 'cleared'>((settle, fail) => {
      this.#marks.set(name, { settle, fail });
    });
    this.#command({ type: 'mark', name });
    return answered;
  }

  clear(): void {
    if (this.#end !== undefined) return;
    this.#command({ type: 'clear' });
    this.#gate.cleared();
    this.#changed.notify();
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#socket.close(1000);
    this.#timer ??= setTimeout(() => this.cut('The server did not answer the goodbye.'), CLOSE_TIMEOUT_MS);
  }

  /** Lets go of the connection at once. */
  cut(reason: string): void {
    this.#over({ type: 'close', code: 1006, reason });
    if (this.#socket.terminate === undefined) this.#socket.close();
    else this.#socket.terminate();
  }

  /** Resolves when the server and the socket take more. */
  async #room(): Promise<void> {
    for (;;) {
      if (this.#end !== undefined) throw new MediaClosedError(this.#end);
      if (this.#gate.isShut) await this.#changed.next();
      else if (this.#socket.bufferedAmount > HIGH_WATER_BYTES) await pause(DRAIN_POLL_MS);
      else return;
    }
  }

  #encoding(): MediaEncoding {
    return this.#ready?.encoding ?? 'Float32LE';
  }

  #command(command: MediaCommand): void {
    this.#socket.send(JSON.stringify(command));
  }

  #receive(data: unknown): void {
    if (this.#end !== undefined) return;
    if (data instanceof ArrayBuffer) this.#options.onAudio?.(decodeSamples(data, this.#encoding()));
    else if (typeof data === 'string') this.#hear(data);
  }

  /** Events that this version does not know are passed over. */
  #hear(text: string): void {
    const parsed = MediaEvent.safeParse(parseJson(text));
    if (!parsed.success) return;
    const event = parsed.data;
    if (event.type === 'ready') {
      this.#ready = event.media;
      this.#settleOpened(this);
    } else if (event.type === 'buffer') {
      this.#gate.told(event);
      this.#changed.notify();
    } else if (event.type === 'mark') {
      this.#marks.get(event.name)?.settle(event.state);
      this.#marks.delete(event.name);
    } else if (event.type === 'ended') {
      this.#isCallOver = true;
    }
    this.#options.onEvent?.(event);
  }

  #over({ code = 1006, reason = '' }: SocketEvent): void {
    if (this.#end !== undefined) return;
    clearTimeout(this.#timer);
    const end = { code, reason: reason === '' ? this.#problem : reason, callEnded: this.#isCallOver };
    this.#end = end;
    this.#changed.notify();
    for (const mark of this.#marks.values()) mark.fail(new MediaClosedError(end));
    this.#marks.clear();
    this.#failOpened(new EarshotConnectionError(end.reason || 'The media socket could not be opened.'));
    this.#settleEnded(end);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
