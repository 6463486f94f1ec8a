import type { Readable } from 'node:stream';
import { EarshotError, type ErrorCode, type StreamBodyResponse } from '@earshot/protocol';
import type { ClosedBy } from '../context/ports.ts';
import type { StreamOutcome } from '../intake/stream-end.ts';
import { Drain } from '../live/drain.ts';
import type { HaltReason, LiveStream } from '../live/live-streams.ts';
import type { OpenedIntake, StreamContext } from '../live/opening.ts';
import { BodyDecoder, type BodyFormat } from './body-format.ts';

/** Why the server stopped reading a body, as the answer's error code. */
const HALTED: Readonly<Record<HaltReason, ErrorCode>> = {
  end: 'session_ended',
  superseded: 'stream_superseded',
  erased: 'session_not_found',
  shutdown: 'shutting_down',
};

interface Ending {
  readonly closedBy: ClosedBy;
  /** The body was not taken to its end because of this. */
  readonly error?: EarshotError;
}

/** One HTTP request body that feeds a session while it arrives. */
export class BodyStream implements LiveStream {
  readonly epoch: number;
  /** The answer to the request; rejects with the error it is answered with. */
  readonly answer: Promise<StreamBodyResponse>;
  readonly #context: StreamContext;
  readonly #open: OpenedIntake;
  readonly #body: Readable;
  readonly #format: BodyFormat;
  readonly #decoder: BodyDecoder;
  #settle: (answer: Promise<StreamBodyResponse>) => void = () => undefined;
  #phase: 'open' | 'draining' | 'finishing' = 'open';
  /** How long the tail is offered to storage, ms. */
  #flushMs: number;
  #waitingForRoom = false;
  #receivedBytes = 0;
  #chunks = 0;
  #lastChunkMs: number;
  #drain: Drain | undefined;

  constructor(context: StreamContext, open: OpenedIntake, source: { body: Readable; format: BodyFormat }) {
    this.#context = context;
    this.#open = open;
    this.#body = source.body;
    this.#format = source.format;
    this.#decoder = new BodyDecoder(source.format);
    this.#lastChunkMs = context.clock.elapsedMs();
    this.epoch = open.opened.epoch;
    this.#flushMs = context.limits.streamFlushMs;
    this.answer = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#listen();
    open.admission.begin(this);
  }

  halt(reason: HaltReason, flushMs: number): void {
    this.#flushMs = Math.min(this.#flushMs, flushMs);
    if (this.#phase === 'finishing') {
      if (reason !== 'erased') this.#open.intake.hasten(flushMs);
      return;
    }
    const ending = haltEnding(reason);
    if (reason === 'erased') {
      this.#settle(this.#discard(ending));
    } else if (reason === 'superseded') {
      this.#finish(ending);
    } else if (this.#phase === 'open') {
      this.#phase = 'draining';
      const quietMs = this.#context.limits.streamDrainMs / 4;
      const isHeld = (): boolean => this.#waitingForRoom;
      this.#drain = new Drain(quietMs, isHeld, () => this.#finish(ending));
    }
  }

  tick(elapsedMs: number): void {
    if (this.#waitingForRoom) this.#lastChunkMs = elapsedMs;
    if (elapsedMs - this.#lastChunkMs < this.#context.limits.streamIdleMs) return;
    this.#finish({ closedBy: 'server', error: new EarshotError('stream_idle') });
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#lastChunkMs = this.#context.clock.elapsedMs();
    this.#receivedBytes += chunk.length;
    this.#chunks += 1;
    this.#drain?.touch();
    this.#context.metrics.bytesReceived('http', chunk.length);
    try {
      const samples = this.#decoder.push(chunk);
      const room = this.#open.intake.write({ track: 'main', sampleRate: this.#format.sampleRate, samples });
      if (room !== undefined) void this.#pauseUntil(room);
    } catch (error) {
      const refusal =
        error instanceof EarshotError ? error : new EarshotError('internal_error', { cause: error });
      this.#open.intake.warn({ type: refusal.code, message: refusal.message });
      this.#finish({ closedBy: 'error', error: refusal });
    }
  };

  #listen(): void {
    const body = this.#body;
    body.on('data', this.#onData);
    body.once('end', () => this.#finish({ closedBy: 'stop' }));
    body.once('close', () => this.#finish({ closedBy: 'client' }));
    body.on('error', () => this.#finish({ closedBy: 'client' }));
    if (body.destroyed) this.#finish({ closedBy: 'client' });
  }

  async #pauseUntil(room: Promise<void>): Promise<void> {
    if (this.#waitingForRoom) return;
    this.#waitingForRoom = true;
    this.#body.pause();
    await room;
    this.#waitingForRoom = false;
    if (this.#phase !== 'finishing') this.#body.resume();
  }

  #finish(ending: Ending): void {
    if (this.#phase === 'finishing') return;
    this.#stopReading();
    this.#settle(this.#store(ending));
  }

  #stopReading(): void {
    this.#phase = 'finishing';
    this.#drain?.stop();
    this.#body.off('data', this.#onData);
    this.#body.pause();
  }

  async #store({ closedBy, error }: Ending): Promise<StreamBodyResponse> {
    const { intake, opened, admission } = this.#open;
    const { encoding, bigEndian } = this.#format;
    const { oddBytes } = this.#decoder;
    try {
      const outcome = await intake.finish({
        closedBy,
        format: { dialect: 'http-pcm', encoding, bigEndian, callId: null, providerStreamId: null },
        stats: { frames: this.#chunks, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0, oddBytes },
        flushMs: this.#flushMs,
      });
      const session = opened.ref.sessionId;
      this.#context.log.info(
        { session, epoch: this.epoch, closedBy, safe: outcome.safe },
        'stream body closed',
      );
      return this.#answerWith(outcome, error);
    } finally {
      admission.leave();
    }
  }

  #answerWith({ safe, record }: StreamOutcome, error: EarshotError | undefined): StreamBodyResponse {
    const counts = {
      received_bytes: this.#receivedBytes,
      received_samples: this.#open.intake.receivedSamples,
      segments: record.segments.length,
    };
    if (error !== undefined) {
      const { code, message, details } = error;
      throw new EarshotError(code, { message, details: { ...details, ...counts }, cause: error.cause });
    }
    if (!safe) throw new EarshotError('service_unavailable', { details: counts });
    return { session_id: this.#open.opened.ref.sessionId, success: true, ...counts };
  }

  async #discard({ error }: Ending): Promise<never> {
    this.#stopReading();
    try {
      await this.#open.intake.discard();
    } finally {
      this.#open.admission.leave();
    }
    throw error ?? new EarshotError('session_not_found');
  }
}

function haltEnding(reason: HaltReason): Ending {
  const error = new EarshotError(HALTED[reason], {
    message: 'The stream was ended before its body was; what came is kept.',
  });
  return { closedBy: reason === 'superseded' ? 'superseded' : 'server', error };
}
