import type { DialectEvent, StreamDecoder, StreamMessage } from '@earshot/dialects';
import { type Connection, type StreamFormat, type StreamStats, UNKNOWN_FORMAT } from '@earshot/intake';
import { GatheredAudio } from './gathered-audio.ts';

/** Leads messages of a socket through its decoder into its session; audio that comes together is written together. */
export class FrameFeed {
  format: StreamFormat = UNKNOWN_FORMAT;
  readonly #decoder: StreamDecoder;
  readonly #connection: Connection;
  readonly #admit: (bytes: number) => void;
  readonly #gathered = new GatheredAudio();
  #released = false;

  /** `admit` hears of each frame, in bytes of PCM16, before it is written; what it throws refuses the frame. */
  constructor(decoder: StreamDecoder, connection: Connection, admit: (bytes: number) => void) {
    this.#decoder = decoder;
    this.#connection = connection;
    this.#admit = admit;
  }

  get stats(): StreamStats {
    const { frames, malformedFrames, duplicateFrames, reorderedFrames, oddBytes } = this.#decoder.stats;
    return { frames, malformedFrames, duplicateFrames, reorderedFrames, oddBytes };
  }

  /**
   * Takes a message; true when the sender said stop. Throws the decoder's or the session's refusal. Audio is written
   * with the next `flush` at the latest.
   */
  push(message: StreamMessage): boolean {
    return this.#take(this.#decoder.push(message));
  }

  /** Writes the audio that came. Throws the session's refusal. */
  flush(): void {
    for (const frame of this.#gathered.take()) {
      this.#admit(frame.samples.byteLength);
      this.#connection.write(frame);
    }
  }

  /** Takes what the decoder still held back, once; true when the sender had said stop. */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.flush();
    const stopped = this.#take(this.#decoder.end());
    this.flush();
    return stopped;
  }

  #take(events: readonly DialectEvent[]): boolean {
    let stopped = false;
    for (const event of events) {
      switch (event.type) {
        case 'format':
          this.format = {
            dialect: event.dialect,
            encoding: event.encoding,
            bigEndian: event.bigEndian,
            callId: event.callId,
            providerStreamId: event.streamId,
          };
          break;
        case 'audio':
          this.#gathered.add(event.frame);
          break;
        case 'gap':
          this.flush();
          this.#connection.gap(event.track, event.samples, event.reason);
          break;
        case 'warning':
          this.#connection.warn(event.issue);
          break;
        case 'mark':
        case 'dtmf':
          // Of calls, not of recordings of them.
          break;
        case 'stop':
          stopped = true;
          break;
      }
    }
    return stopped;
  }
}
