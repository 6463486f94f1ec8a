import { encodeAlaw, encodeMulaw, encodePcm16le } from '@earshot/audio';
import type { ReplyFormat } from './reply-style.ts';

/** The samples as a platform wants them on the wire. */
export function encodeSamples(samples: Int16Array, { codec, bigEndian }: ReplyFormat): Uint8Array {
  switch (codec) {
    case 'mulaw':
      return encodeMulaw(samples);
    case 'alaw':
      return encodeAlaw(samples);
    case 'pcm16':
      return bigEndian ? swapped(encodePcm16le(samples)) : encodePcm16le(samples);
  }
}

function swapped(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 2) view.setUint16(at, view.getUint16(at, true), false);
  return bytes;
}
