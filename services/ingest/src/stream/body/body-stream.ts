import type { Readable } from 'node:stream';
import type {
  ClosedBy,
  Connection,
  ConnectionListener,
  ConnectionOutcome,
  HaltReason,
} from '@earshot/intake';
import { EarshotError, type ErrorCode } from '@earshot/protocol';
import type { EdgeContext } from '../edge-context.ts';
import { Drain } from '../live/drain.ts';
import { BodyDecoder, type BodyFormat } from './body-format.ts';

/** Why the server stopped reading a body, as the answer's error code. */
const HALTED: Readonly<Record<HaltReason, ErrorCode>> = {
  end: 'session_ended',
  superseded: 'stream_superseded',
  erased: 'session_not_found',
  shutdown: 'shutting_down',
  no_room: 'insufficient_storage',
  failed: 'service_unavailable',
};

interface Ending {
  readonly closedBy: ClosedBy;
  /** The body was not taken to its end because of this. */
  readonly error?: EarshotError;
}

export interface BodySource {
  readonly body: Readable;
  readonly format: BodyFormat;
  /** True when the end of the body is the end of the audio. */
  readonly completes: boolean;
}

/** What became of a body. */
export interface BodyOutcome {
  readonly receivedBytes: number;
  readonly receivedSamples: number;
  /** What the session says; undefined when it could not say. */
  readonly kept: ConnectionOutcome | undefined;
  /** Why it was not taken to its end. */
  readonly error: EarshotError | undefined;
}

/** One HTTP request body that feeds a session while it arrives. */
export class BodyStream implements ConnectionListener {
  /** Resolves when everything taken is durable, or never will be. */
  readonly outcome: Promise<BodyOutcome>;
  readonly #context: EdgeContext;
  readonly #connection: Connection;
  readonly #source: BodySource;
  readonly #decoder: BodyDecoder;
  #resolve: (outcome: Promise<BodyOutcome>) => void = () => undefined;
  #phase: 'open' | 'draining' | 'finishing' = 'open';
  #waitingForRoom = false;
  #receivedBytes = 0;
  #chunks = 0;
  #lastChunkMs: number;
  #drain: Drain | undefined;

  constructor(context: EdgeContext, connection: Connection, source: BodySource) {
    this.#context = context;
    this.#connection = connection;
    this.#source = source;
    this.#decoder = new BodyDecoder(source.format);
    this.#lastChunkMs = context.time.elapsedMs();
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#listen();
    connection.begin(this);
  }

  halt(reason: HaltReason, flushMs: number): void {
    if (this.#phase === 'finishing') return;
    const ending = haltEnding(reason);
    if (reason === 'erased' || reason === 'superseded' || reason === 'failed') this.#finish(ending);
    else if (this.#phase === 'open') {
      this.#phase = 'draining';
      const quietMs = Math.min(this.#context.limits.streamDrainMs / 4, flushMs / 2);
      const isHeld = (): boolean => this.#waitingForRoom;
      this.#drain = new Drain(quietMs, isHeld, () => this.#finish(ending));
    }
  }

  progress(): void {
    // The answer tells what is durable.
  }

  segment(): void {
    // The answer tells what is stored.
  }

  warning(): void {
    // The session keeps it.
  }

  tick(elapsedMs: number): void {
    if (this.#waitingForRoom) this.#lastChunkMs = elapsedMs;
    if (elapsedMs - this.#lastChunkMs < this.#context.limits.streamIdleMs) return;
    this.#finish({ closedBy: 'server', error: new EarshotError('stream_idle') });
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#lastChunkMs = this.#context.time.elapsedMs();
    this.#receivedBytes += chunk.length;
    this.#chunks += 1;
    this.#drain?.touch();
    this.#context.metrics.bytesReceived('http', chunk.length);
    try {
      const { sampleRate } = this.#source.format;
      const samples = this.#decoder.push(chunk);
      if (samples.length > 0) this.#connection.write({ track: 'main', sampleRate, samples });
      const room = this.#connection.room();
      if (room !== undefined) void this.#pauseUntil(room);
    } catch (error) {
      const refusal =
        error instanceof EarshotError ? error : new EarshotError('internal_error', { cause: error });
      this.#connection.warn({ type: refusal.code, message: refusal.message });
      this.#finish({ closedBy: 'error', error: refusal });
    }
  };

  #listen(): void {
    const { body, completes } = this.#source;
    body.on('data', this.#onData);
    body.once('end', () => this.#finish({ closedBy: completes ? 'stop' : 'client' }));
    const cut: Ending = { closedBy: 'client', error: cutOff() };
    body.once('close', () => this.#finish(cut));
    body.on('error', () => this.#finish(cut));
    if (body.destroyed) this.#finish(cut);
  }

  async #pauseUntil(room: Promise<void>): Promise<void> {
    if (this.#waitingForRoom) return;
    const { body } = this.#source;
    this.#waitingForRoom = true;
    body.pause();
    await room;
    this.#waitingForRoom = false;
    if (this.#phase !== 'finishing') body.resume();
  }

  #finish(ending: Ending): void {
    if (this.#phase === 'finishing') return;
    this.#phase = 'finishing';
    this.#drain?.stop();
    this.#source.body.off('data', this.#onData);
    this.#source.body.pause();
    this.#resolve(this.#settle(ending));
  }

  async #settle({ closedBy, error }: Ending): Promise<BodyOutcome> {
    const connection = this.#connection;
    const { encoding, bigEndian } = this.#source.format;
    const { oddBytes } = this.#decoder;
    const fields = { session: connection.ref.sessionId, epoch: connection.epoch, closedBy };
    const kept = await connection
      .finish({
        closedBy,
        format: { dialect: 'http-pcm', encoding, bigEndian, callId: null, providerStreamId: null },
        stats: { frames: this.#chunks, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes },
      })
      .catch((failure: unknown) => {
        this.#context.log.error({ ...fields, err: failure }, 'a stream body could not be finished');
        return undefined;
      });
    this.#context.log.info({ ...fields, durable: kept?.durable ?? false }, 'stream body closed');
    const { receivedSamples } = connection;
    return { receivedBytes: this.#receivedBytes, receivedSamples, kept, error };
  }
}

function haltEnding(reason: HaltReason): Ending {
  const error = new EarshotError(HALTED[reason], {
    message: 'The stream was ended before its body was; what came is kept.',
  });
  return { closedBy: reason === 'superseded' ? 'superseded' : 'server', error };
}

function cutOff(): EarshotError {
  return new EarshotError('invalid_request', { message: 'The body was cut off; what came is kept.' });
}
