import { EarshotError, isWavHead, LIMITS, type ProcessingIssue } from '@earshot/protocol';
import { detect } from './detect.ts';
import { raw } from './formats/binary/raw.ts';
import type { Dialect, JsonObject } from './model/dialect.ts';
import type {
  DecoderOptions,
  DecoderStats,
  DialectEvent,
  StreamDecoder,
  StreamMessage,
} from './model/events.ts';
import { WAV_HEADER, Warnings } from './model/warnings.ts';
import { OpenStream, type Outcome } from './open-stream.ts';
import { defaultSampleRate } from './opening.ts';
import { safeLabel, sentenceField } from './wire/fields.ts';
import { scanMedia } from './wire/media-scan.ts';
import { parseTextMessage } from './wire/text-message.ts';

/** Decodes the messages of one WebSocket; throws unsupported_encoding when an option names a format it cannot. */
export function createStreamDecoder(options: DecoderOptions = {}): StreamDecoder {
  defaultSampleRate(options);
  return new MessageDecoder(options);
}

/** `opening`: dialect not known yet. `paused`: stopped, but the dialect may start again. */
type Phase = 'opening' | 'open' | 'paused' | 'stopped' | 'ended';

const AFTER_STOP: ProcessingIssue = { type: 'after_stop', message: 'Messages after stop were ignored.' };

class MessageDecoder implements StreamDecoder {
  readonly #options: DecoderOptions;
  readonly #warnings = new Warnings();
  readonly #counts = { frames: 0, malformedFrames: 0, duplicateFrames: 0, reorderedFrames: 0 };
  #phase: Phase = 'opening';
  #hello: JsonObject | null = null;
  #stream: OpenStream | null = null;
  #stopReason: string | null = null;
  #unknownKinds = 0;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  get stats(): DecoderStats {
    return { ...this.#counts, oddBytes: this.#stream?.oddBytes ?? 0 };
  }

  get dialect(): string | null {
    return this.#stream?.dialect.name ?? null;
  }

  push(message: StreamMessage): DialectEvent[] {
    const out: DialectEvent[] = [];
    if (this.#phase === 'ended') return out;
    refuseOversized(message);
    if (this.#phase === 'stopped') this.#warnings.tell(out, AFTER_STOP);
    else if (message.binary) this.#takeBinary(message, out);
    else this.#takeText(message.data, out);
    return out;
  }

  end(): DialectEvent[] {
    const out: DialectEvent[] = [];
    if (this.#phase === 'ended') return out;
    this.#flush(out);
    if (this.#phase === 'paused') out.push({ type: 'stop', reason: this.#stopReason });
    this.#phase = 'ended';
    return out;
  }

  #takeBinary({ data, messages = 1 }: StreamMessage, out: DialectEvent[]): void {
    if (data.length === 0) return;
    if (this.#hello !== null) throw violation('Binary audio came where a start message was due.');
    const stream = this.#stream ?? this.#openRaw(data, out);
    if (stream.dialect.carrier !== 'binary')
      throw violation('Binary audio came in a stream of JSON messages.');
    this.#counts.frames += messages;
    stream.takeBinary(data, out);
  }

  #takeText(data: Uint8Array, out: DialectEvent[]): void {
    if (this.#takeScanned(data, out)) return;
    const message = parseTextMessage(data);
    if (message === null) {
      const first = this.#stream === null && this.#hello === null;
      if (first) {
        throw new EarshotError('malformed_frame', { message: 'The first message is not a JSON object.' });
      }
      this.#skipMalformed(out);
    } else if (this.#stream === null) this.#detect(message, out);
    else this.#route(this.#stream, message, out);
  }

  /** Takes a media message of the usual shape; false for all others. */
  #takeScanned(data: Uint8Array, out: DialectEvent[]): boolean {
    const stream = this.#stream;
    if (this.#phase !== 'open' || stream?.dialect.carrier !== 'text' || !stream.dialect.scansMedia)
      return false;
    const media = scanMedia(data);
    if (media === null) return false;
    this.#count(stream.takeScanned(media, out), out);
    return true;
  }

  /** A message while the dialect is not known yet. */
  #detect(message: JsonObject, out: DialectEvent[]): void {
    const detected = detect(message, this.#hello);
    switch (detected.kind) {
      case 'hello':
        this.#hello ??= message;
        return;
      case 'stop':
        this.#stop(message, out);
        return;
      case 'other':
        this.#tellUnknown(message, out);
        return;
      case 'opening':
        this.#open(detected.dialect, message, out);
        return;
      case 'first_media':
        this.#takeMedia(this.#open(detected.dialect, {}, out), message, out);
    }
  }

  #open(dialect: Dialect, message: JsonObject, out: DialectEvent[]): OpenStream {
    const setup = { dialect, options: this.#options, warnings: this.#warnings };
    const stream = new OpenStream(setup, message, out);
    this.#stream = stream;
    this.#hello = null;
    this.#phase = 'open';
    return stream;
  }

  /** What is sent is kept as it is sent, a header too: whoever sends it has to hear what becomes of it. */
  #openRaw(first: Uint8Array, out: DialectEvent[]): OpenStream {
    const stream = this.#open(raw, {}, out);
    if (isWavHead(first)) this.#warnings.tell(out, WAV_HEADER);
    return stream;
  }

  /** A text message of an open or paused stream. */
  #route(stream: OpenStream, message: JsonObject, out: DialectEvent[]): void {
    switch (message['event']) {
      case 'media':
        if (this.#phase === 'paused') this.#warnings.tell(out, AFTER_STOP);
        else this.#takeMedia(stream, message, out);
        return;
      case 'stop':
        if (this.#phase === 'open') this.#stop(message, out);
        return;
      case 'start':
        if (stream.dialect.carrier === 'text') {
          stream.restart(message, this.#phase === 'paused', out);
          this.#phase = 'open';
          return;
        }
        this.#tellUnknown(message, out);
        return;
      default:
        this.#takeControl(stream, message, out);
    }
  }

  #takeControl(stream: OpenStream, message: JsonObject, out: DialectEvent[]): void {
    const control = stream.dialect.control(message);
    if (control === null) this.#tellUnknown(message, out);
    else out.push(control);
  }

  #takeMedia(stream: OpenStream, message: JsonObject, out: DialectEvent[]): void {
    if (stream.dialect.carrier === 'binary') throw violation('JSON audio came in a stream of binary audio.');
    this.#count(stream.takeMedia(message, out), out);
  }

  #count(outcome: Outcome, out: DialectEvent[]): void {
    if (outcome === 'malformed') {
      this.#skipMalformed(out);
      return;
    }
    this.#counts.frames += 1;
    if (outcome === 'duplicate') this.#counts.duplicateFrames += 1;
    else if (outcome === 'reordered') this.#counts.reorderedFrames += 1;
    else if (outcome === 'late') {
      const message = 'Frames came after their place had been given up as missing; they were dropped.';
      this.#warnings.tell(out, { type: 'late_frames', message });
    }
  }

  #stop(message: JsonObject, out: DialectEvent[]): void {
    this.#flush(out);
    this.#stopReason = sentenceField(message, 'reason');
    if (this.#stream?.dialect.restartable === true) {
      this.#phase = 'paused';
      return;
    }
    this.#phase = 'stopped';
    out.push({ type: 'stop', reason: this.#stopReason });
  }

  #flush(out: DialectEvent[]): void {
    this.#stream?.flush(out);
    const oddBytes = this.#stream?.oddBytes ?? 0;
    if (oddBytes === 0) return;
    const message = 'Bytes of an unfinished sample were dropped.';
    this.#warnings.tell(out, { type: 'odd_bytes', message, details: { oddBytes } });
  }

  #skipMalformed(out: DialectEvent[]): void {
    this.#counts.malformedFrames += 1;
    if (this.#counts.malformedFrames > LIMITS.maxMalformedFrames) {
      throw new EarshotError('malformed_frame', {
        details: { malformedFrames: this.#counts.malformedFrames },
      });
    }
    const message = 'Messages that could not be read were skipped.';
    this.#warnings.tell(out, { type: 'malformed_frame', message });
  }

  #tellUnknown(message: JsonObject, out: DialectEvent[]): void {
    const kind = message['event'] ?? message['type'] ?? message['action'];
    if (typeof kind === 'string' && this.#stream?.dialect.quietEvents?.has(kind) === true) return;
    const label = safeLabel(kind);
    if (this.#unknownKinds >= LIMITS.maxUnknownEventKinds) return;
    const before = out.length;
    const text = 'Control messages of an unknown kind were ignored.';
    this.#warnings.tell(
      out,
      { type: 'unknown_event', message: text, details: { event: label } },
      `unknown_event ${label}`,
    );
    if (out.length > before) this.#unknownKinds += 1;
  }
}

function refuseOversized(message: StreamMessage): void {
  if (message.data.length <= LIMITS.maxMessageBytes) return;
  throw new EarshotError(message.binary ? 'chunk_too_large' : 'payload_too_large', {
    message: 'A message is larger than allowed.',
    details: { maxMessageBytes: LIMITS.maxMessageBytes },
  });
}

function violation(message: string): EarshotError {
  return new EarshotError('protocol_violation', { message });
}
