import type { StreamProgress } from '../stream-end.ts';
import { ReplayBuffer } from './replay-buffer.ts';

const BYTES_PER_SAMPLE = 2;

/**
 * The audio of a stream and how far each part of it is. Samples count from the beginning of the session's audio, bytes
 * from the first one that this client sends.
 */
export class Positions {
  readonly buffer = new ReplayBuffer();
  #origin: number | undefined;
  #cursor = 0;
  #sent = 0;
  #received = 0;
  #durable = 0;
  #archived = 0;

  /** Next byte to send on the present link; what has become durable meanwhile is skipped. */
  get cursor(): number {
    return Math.max(this.#cursor, this.buffer.first);
  }

  get durableBytes(): number {
    return this.#durable;
  }

  /** Bytes that can be sent as whole samples. */
  get wholeEnd(): number {
    return this.buffer.end - (this.buffer.end % BYTES_PER_SAMPLE);
  }

  /** Everything that is whole is safe. */
  get isAllDurable(): boolean {
    return this.#durable >= this.wholeEnd;
  }

  /** First sample that can still be sent; undefined before the server has said where the stream begins. */
  get firstSample(): number | undefined {
    return this.#origin === undefined ? undefined : this.#sampleAt(this.buffer.first);
  }

  get progress(): StreamProgress {
    return {
      accepted: this.#sampleAt(this.buffer.end),
      sent: this.#sampleAt(this.#sent),
      received: this.#sampleAt(this.#received),
      durable: this.#sampleAt(this.#durable),
      archived: this.#sampleAt(this.#archived),
    };
  }

  advance(bytes: number): void {
    this.#cursor = this.cursor + bytes;
    this.#sent = Math.max(this.#sent, this.#cursor);
  }

  /** Takes up an ack; what a server claims beyond what was sent is not believed. True when more is durable. */
  acknowledge(ack: { received: number; durable: number; archived?: number }): boolean {
    const before = this.#durable;
    this.#received = Math.max(this.#received, this.#byteAt(ack.received));
    this.#durable = Math.max(this.#durable, this.#byteAt(ack.durable));
    this.#archived = Math.max(this.#archived, this.#byteAt(ack.archived ?? 0));
    this.buffer.release(this.#durable);
    return this.#durable > before;
  }

  /** Without acks everything that was handed to the network counts as gone. */
  releaseSent(): void {
    this.buffer.release(this.#sent);
  }

  /**
   * Goes on where the server wants to. The outcome says how many samples it misses that are not held any more, or
   * `foreign` when it has more than we ever sent.
   */
  resumeAt(nextSample: number): { readonly missing: number } | 'foreign' {
    this.#origin ??= nextSample;
    const wanted = (nextSample - this.#origin) * BYTES_PER_SAMPLE;
    if (wanted > this.#sent) return 'foreign';
    this.#cursor = Math.max(wanted, this.buffer.first);
    // What a lost server had in memory or on its disk only is not there any more.
    this.#received = Math.min(this.#received, this.#cursor);
    return { missing: Math.max(0, this.buffer.first - wanted) / BYTES_PER_SAMPLE };
  }

  #sampleAt(byte: number): number {
    return (this.#origin ?? 0) + Math.floor(byte / BYTES_PER_SAMPLE);
  }

  #byteAt(sample: number): number {
    return Math.min(this.#sent, (sample - (this.#origin ?? 0)) * BYTES_PER_SAMPLE);
  }
}
