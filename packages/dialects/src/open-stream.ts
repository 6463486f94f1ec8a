import { EarshotError, LIMITS, type TrackName } from '@earshot/protocol';
import type { Dialect, JsonObject } from './model/dialect.ts';
import type { DecoderOptions, DialectEvent } from './model/events.ts';
import type { Warnings } from './model/warnings.ts';
import { type Opening, readOpening, sameFormat } from './opening.ts';
import type { Arrival, Numbering } from './timeline/reorder-window.ts';
import { StreamTimeline } from './timeline/stream-timeline.ts';
import { TrackNames } from './timeline/track-names.ts';
import type { TrackFrame } from './timeline/track-timeline.ts';
import { decodeBase64 } from './wire/base64.ts';
import type { ScannedMedia } from './wire/media-scan.ts';

/** What became of a media message. */
export type Outcome = Arrival | 'malformed';

/** What an open stream is made with. */
export interface StreamSetup {
  readonly dialect: Dialect;
  readonly options: DecoderOptions;
  readonly warnings: Warnings;
}

/** A stream whose dialect and format are known. */
export class OpenStream {
  readonly dialect: Dialect;
  readonly #setup: StreamSetup;
  readonly #timeline: StreamTimeline;
  #opening: Opening;
  #names: TrackNames;
  #bigEndian: boolean | null;

  /** Reads the opening message and tells the format. */
  constructor(setup: StreamSetup, message: JsonObject, out: DialectEvent[]) {
    this.dialect = setup.dialect;
    this.#setup = setup;
    this.#opening = readOpening(setup.dialect, message, setup.options);
    this.#names = new TrackNames(this.#opening.defaultTrack);
    this.#bigEndian = this.#opening.format.bigEndian;
    this.#timeline = new StreamTimeline({
      format: this.#opening.format,
      inPlace: setup.options.inPlace === true,
      numbering: numberingOf(setup),
      warnings: setup.warnings,
      correctByteOrder: (bigEndian, corrected) => this.#correctByteOrder(bigEndian, corrected),
    });
    this.#tellFormat(out);
  }

  get oddBytes(): number {
    return this.#timeline.oddBytes;
  }

  /** Takes the audio of a binary message. */
  takeBinary(bytes: Uint8Array, out: DialectEvent[]): void {
    this.#timeline.take(this.#names.resolve(null), { chunk: null, timestampMs: null, bytes }, out);
  }

  /** Takes a media message; throws protocol_violation for a track that cannot be told apart. */
  takeMedia(message: JsonObject, out: DialectEvent[]): Outcome {
    const fields = this.dialect.media(message);
    if (fields === null) return 'malformed';
    const track = this.#names.resolve(fields.track);
    const { chunk, timestampMs, payload } = fields;
    const bytes = decodeBase64(payload);
    if (bytes === null) {
      if (chunk === null) this.#timeline.lose(track, (payload.length * 3) / 4, out);
      return 'malformed';
    }
    return this.#take(track, { chunk, timestampMs, bytes }, out);
  }

  /** Takes a media message that the scanner has read; throws as `takeMedia` does. */
  takeScanned({ track, chunk, timestampMs, bytes }: ScannedMedia, out: DialectEvent[]): Outcome {
    return this.#take(this.#names.resolve(track), { chunk, timestampMs, bytes }, out);
  }

  #take(track: TrackName, frame: TrackFrame, out: DialectEvent[]): Outcome {
    const arrival = this.#timeline.take(track, frame, out);
    return arrival === 'unnumbered' ? 'malformed' : arrival;
  }

  /**
   * Takes a repeated `start`. `stopped` tells whether the stream had stopped before. Throws protocol_violation when the
   * format changes, or when a second stream would mix with one that has not stopped.
   */
  restart(message: JsonObject, stopped: boolean, out: DialectEvent[]): void {
    const next = readOpening(this.dialect, message, this.#setup.options);
    const sameStream = next.streamId === this.#opening.streamId;
    if (!sameFormat(next.format, this.#opening.format)) {
      throw new EarshotError('protocol_violation', { message: 'A repeated start changes the audio format.' });
    }
    if (this.dialect.restartable && !stopped && !sameStream) {
      throw new EarshotError('protocol_violation', { message: 'Several streams at once share the socket.' });
    }
    if (!stopped) {
      const note = 'The stream was started twice with the same format; its audio goes on.';
      this.#setup.warnings.tell(out, { type: 'repeated_start', message: note });
    }
    if (sameStream && !stopped) return;
    this.#timeline.restart(out);
    this.#opening = next;
    this.#names = new TrackNames(next.defaultTrack);
    this.#tellFormat(out);
  }

  /** Gives all audio that is held back. */
  flush(out: DialectEvent[]): void {
    this.#timeline.flush(out);
  }

  #correctByteOrder(bigEndian: boolean, out: DialectEvent[]): void {
    this.#bigEndian = bigEndian;
    const order = bigEndian ? 'big' : 'little';
    const message = 'The first audible samples show another byte order than this platform is known for.';
    this.#setup.warnings.tell(out, { type: 'byte_order_corrected', message, details: { byteOrder: order } });
    this.#tellFormat(out);
  }

  #tellFormat(out: DialectEvent[]): void {
    const { format, callId, streamId, bidirectional, introduction, issues } = this.#opening;
    for (const issue of issues) this.#setup.warnings.tell(out, issue);
    out.push({
      type: 'format',
      dialect: this.dialect.name,
      encoding: format.codec,
      bigEndian: this.#bigEndian,
      sampleRate: format.sampleRate,
      callId,
      streamId,
      bidirectional,
      ...introduction,
    });
  }
}

/** Where somebody listens, only platforms that do not keep the order of their frames are waited for, and briefly. */
function numberingOf({ dialect, options }: StreamSetup): Numbering {
  const live = dialect.keepsOrder ? 0 : LIMITS.liveReorderFrames;
  return {
    first: dialect.firstChunk,
    windowFrames: options.live === true ? live : LIMITS.reorderWindowFrames,
  };
}
