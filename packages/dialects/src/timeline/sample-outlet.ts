import { decodeAlaw, decodeFloat32le, decodeMulaw, decodePcm16be } from '@earshot/audio';
import type { TrackName } from '@earshot/protocol';
import type { DialectEvent, GapEvent } from '../model/events.ts';
import type { StreamFormat } from '../model/format.ts';
import { takeBytes } from '../wire/byte-slab.ts';
import { ByteOrderCheck, isDigitalSilence } from './byte-order-check.ts';

/** Whole samples of one track, still as bytes; timestampMs is ms since stream start. */
export interface CodedAudio {
  readonly type: 'coded';
  readonly track: TrackName;
  readonly bytes: Uint8Array;
  readonly timestampMs: number | null;
}

/**
 * Turns coded audio into audio events. While the byte order is in doubt it holds what it gets (bounded by the check),
 * so that nothing is decoded in one order and later in another. Digital silence needs no order and is not held.
 */
export class SampleOutlet {
  readonly #format: StreamFormat;
  readonly #inPlace: boolean;
  readonly #correct: (bigEndian: boolean, out: DialectEvent[]) => void;
  #bigEndian: boolean;
  #check: ByteOrderCheck | null;
  #held: (CodedAudio | GapEvent)[] = [];

  /** `correct` is called at most once, when the check finds another byte order than the format says. */
  constructor(
    { format, inPlace }: { readonly format: StreamFormat; readonly inPlace: boolean },
    correct: (bigEndian: boolean, out: DialectEvent[]) => void,
  ) {
    this.#format = format;
    this.#inPlace = inPlace;
    this.#correct = correct;
    this.#bigEndian = format.bigEndian === true;
    this.#check = format.verifyByteOrder ? new ByteOrderCheck(format.sampleRate, this.#bigEndian) : null;
  }

  put(item: CodedAudio | GapEvent, out: DialectEvent[]): void {
    if (this.#check === null) {
      this.#emit(item, out);
      return;
    }
    const silent = item.type === 'gap' || isDigitalSilence(item.bytes);
    if (silent && this.#held.length === 0) {
      this.#emit(item, out);
      return;
    }
    // What comes with a message belongs to its sender again when the call is over.
    this.#held.push(item.type === 'gap' ? item : { ...item, bytes: item.bytes.slice() });
    if (item.type === 'coded' && this.#check.look(item.bytes)) this.settle(out);
  }

  /** Decides the byte order with what there is, and gives what was held. */
  settle(out: DialectEvent[]): void {
    if (this.#check === null || this.#held.length === 0) return;
    const bigEndian = this.#check.bigEndian;
    this.#check = null;
    if (bigEndian !== this.#bigEndian) {
      this.#bigEndian = bigEndian;
      this.#correct(bigEndian, out);
    }
    const held = this.#held;
    this.#held = [];
    for (const item of held) this.#emit(item, out);
  }

  #emit(item: CodedAudio | GapEvent, out: DialectEvent[]): void {
    if (item.type === 'gap') {
      out.push(item);
      return;
    }
    const samples = this.#decode(item.bytes);
    const { channels } = this.#format;
    for (let channel = 0; channel < channels.length; channel += 1) {
      const own = channels.length === 1 ? samples : everyNth(samples, channel, channels.length);
      const frame = {
        track: channels[channel] ?? item.track,
        sampleRate: this.#format.sampleRate,
        samples: own,
      };
      const timed = item.timestampMs === null ? frame : { ...frame, timestampMs: item.timestampMs };
      out.push({ type: 'audio', frame: timed });
    }
  }

  #decode(bytes: Uint8Array): Int16Array {
    switch (this.#format.codec) {
      case 'pcm16':
        if (this.#bigEndian) return decodePcm16be(bytes);
        return this.#inPlace && bytes.byteOffset % 2 === 0 ? viewPcm16le(bytes) : copyPcm16le(bytes);
      case 'mulaw':
        return decodeMulaw(bytes, takeSamples(bytes.length));
      case 'alaw':
        return decodeAlaw(bytes, takeSamples(bytes.length));
      case 'float32':
        return decodeFloat32le(bytes);
    }
  }
}

/** The bytes themselves; they begin where a sample may. */
function viewPcm16le(bytes: Uint8Array): Int16Array {
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

/** As `decodePcm16le`, which refuses to run on a processor of another byte order; the aligner gives whole samples. */
function copyPcm16le(bytes: Uint8Array): Int16Array {
  const samples = takeSamples(bytes.length / 2);
  new Uint8Array(samples.buffer, samples.byteOffset, bytes.length).set(bytes);
  return samples;
}

function takeSamples(samples: number): Int16Array {
  const { buffer, byteOffset } = takeBytes(2 * samples);
  return new Int16Array(buffer, byteOffset, samples);
}

/** One channel of interleaved samples. */
function everyNth(samples: Int16Array, channel: number, channels: number): Int16Array {
  const own = new Int16Array(samples.length / channels);
  for (let at = 0; at < own.length; at += 1) own[at] = samples[at * channels + channel] ?? 0;
  return own;
}
