import { decodeFloat32le, decodePcm16le } from '@earshot/audio';
import { EarshotError } from '@earshot/protocol';

/** Audio of one client, a message at a time, as 16-bit samples. */
export interface SampleReader {
  /** The samples that became whole; a copy. Throws `invalid_pcm_frame`, and goes on with the next message. */
  push(bytes: Uint8Array): Int16Array;
  /** Samples that were no number, infinite or beyond full scale, and were put right. */
  readonly repairedSamples: number;
  /** Bytes of an unfinished sample that waits for its rest. */
  readonly unfinishedBytes: number;
}

/** Takes 16-bit samples cut anywhere: the first half of a sample waits for the next message. */
class Pcm16Reader implements SampleReader {
  readonly repairedSamples = 0;
  #half: number | null = null;

  get unfinishedBytes(): number {
    return this.#half === null ? 0 : 1;
  }

  push(bytes: Uint8Array): Int16Array {
    const total = bytes.length + this.unfinishedBytes;
    const whole = new Uint8Array(total - (total % 2));
    const taken = bytes.length - (total % 2);
    if (taken < 0) return new Int16Array(0);
    if (this.#half !== null && whole.length > 0) whole[0] = this.#half;
    whole.set(bytes.subarray(0, taken), whole.length - taken);
    this.#half = bytes[taken] ?? null;
    return decodePcm16le(whole);
  }
}

/** Takes messages of whole 32-bit floats, full scale +-1. */
class Float32Reader implements SampleReader {
  readonly unfinishedBytes = 0;
  #repaired = 0;

  get repairedSamples(): number {
    return this.#repaired;
  }

  push(bytes: Uint8Array): Int16Array {
    if (bytes.length % 4 !== 0) {
      throw new EarshotError('invalid_pcm_frame', {
        message: 'The length of a message is not a multiple of 4 bytes.',
        details: { bytes: bytes.length },
      });
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += 4) {
      if (!(Math.abs(view.getFloat32(at, true)) <= 1)) this.#repaired += 1;
    }
    return decodeFloat32le(bytes);
  }
}

/**
 * Reads a client's messages. `pcm16le`: of any length, cut anywhere. `float32le`: whole samples or `invalid_pcm_frame`;
 * scaled by 32768, rounded, clamped; what is no number or infinite becomes silence.
 */
export function createSampleReader(options: { readonly encoding: 'pcm16le' | 'float32le' }): SampleReader {
  return options.encoding === 'pcm16le' ? new Pcm16Reader() : new Float32Reader();
}
