import type { DialectEvent, StreamDecoder } from '@earshot/dialects';
import type { Intake } from '../intake/intake.ts';
import { type StreamFormat, type StreamStats, UNKNOWN_FORMAT } from '../intake/stream-end.ts';

/** What a message led to: the sender said stop, or storage is behind and needs time. */
export interface FeedResult {
  readonly stopped: boolean;
  readonly room: Promise<void> | undefined;
}

/** Leads messages of a socket through its decoder into the intake. */
export class FrameFeed {
  format: StreamFormat = UNKNOWN_FORMAT;
  readonly #decoder: StreamDecoder;
  readonly #intake: Intake;
  #released = false;

  constructor(decoder: StreamDecoder, intake: Intake) {
    this.#decoder = decoder;
    this.#intake = intake;
  }

  get stats(): StreamStats {
    const { frames, malformedFrames, duplicateFrames, reorderedFrames, oddBytes } = this.#decoder.stats;
    return { frames, malformedFrames, duplicateFrames, reorderedFrames, oddBytes };
  }

  /** Takes one message; throws the decoder's or the intake's refusal. */
  push(message: { binary: boolean; data: Uint8Array }): FeedResult {
    return this.#take(this.#decoder.push(message));
  }

  /** Takes what the decoder still held back, once; true when the sender had said stop. */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    return this.#take(this.#decoder.end()).stopped;
  }

  #take(events: readonly DialectEvent[]): FeedResult {
    let stopped = false;
    let room: Promise<void> | undefined;
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
          room = this.#intake.write(event.frame);
          break;
        case 'gap':
          this.#intake.gap(event.track, event.samples, event.reason);
          break;
        case 'warning':
          this.#intake.warn(event.issue);
          break;
        case 'stop':
          stopped = true;
          break;
      }
    }
    return { stopped, room };
  }
}
