import { createSampleReader, encodeFloat32le, type SampleReader } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';

/** How audio looks on a client's socket. */
export interface MediaFormat {
  readonly encoding: 'PCM16LE' | 'Float32LE';
  readonly bytesPerSample: number;
  /** Samples of one message to the client. */
  readonly frameSamples: number;
  /** The bytes of a message; they may share the memory of the samples, which must not be written to any more. */
  encode(samples: Int16Array): Uint8Array;
  /** Reads one client's messages. */
  createReader(): SampleReader;
}

/** 16-bit audio in messages of `frameBytes`, a second's at most (RangeError); what comes may be cut anywhere. */
export function pcm16Format(frameBytes: number): MediaFormat {
  const frameSamples = frameBytes / 2;
  if (!Number.isInteger(frameSamples) || frameSamples < 1 || frameSamples > LIMITS.callSampleRate) {
    throw new RangeError(
      `A media frame holds whole 16-bit samples of at most a second, not ${frameBytes} bytes.`,
    );
  }
  return {
    encoding: 'PCM16LE',
    bytesPerSample: 2,
    frameSamples,
    // The byte order is the host's: @earshot/audio refuses any other.
    encode: ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    createReader: () => createSampleReader({ encoding: 'pcm16le' }),
  };
}

/** Float audio, a message for each tick of the call; each message that comes holds whole samples. */
export const FLOAT32: MediaFormat = {
  encoding: 'Float32LE',
  bytesPerSample: 4,
  frameSamples: (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000,
  encode: encodeFloat32le,
  createReader: () => createSampleReader({ encoding: 'float32le' }),
};
