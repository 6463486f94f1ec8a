import type { MediaEvent } from '@earshot/protocol';

export type MediaEncoding = Extract<MediaEvent, { type: 'ready' }>['media']['encoding'];

const FULL_SCALE = 32_768;

/** Samples as one message of the socket. */
export function encodeSamples(samples: Float32Array, encoding: MediaEncoding): Uint8Array {
  const isFloat = encoding === 'Float32LE';
  const bytes = new Uint8Array(samples.length * (isFloat ? 4 : 2));
  const view = new DataView(bytes.buffer);
  for (const [at, sample] of samples.entries()) {
    if (isFloat) view.setFloat32(at * 4, sample, true);
    else view.setInt16(at * 2, pcm16Of(sample), true);
  }
  return bytes;
}

/** The whole samples of one message, -1 to 1. */
export function decodeSamples(message: ArrayBuffer, encoding: MediaEncoding): Float32Array {
  const view = new DataView(message);
  if (encoding === 'Float32LE') {
    const count = Math.floor(message.byteLength / 4);
    return Float32Array.from({ length: count }, (_, at) => view.getFloat32(at * 4, true));
  }
  const count = Math.floor(message.byteLength / 2);
  return Float32Array.from({ length: count }, (_, at) => view.getInt16(at * 2, true) / FULL_SCALE);
}

/** What is no number is silence, what is beyond full scale is full scale. */
function pcm16Of(sample: number): number {
  if (Number.isNaN(sample)) return 0;
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE)));
}
