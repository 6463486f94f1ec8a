import { encodePcm16le } from '../codecs/pcm16.ts';

/** Bytes in front of the samples in a WAV file that earshot writes. */
const WAV_HEADER_BYTES = 44;

const BYTES_PER_SAMPLE = 2;
const MAX_DATA_BYTES = 0xffff_ffff - WAV_HEADER_BYTES;

/**
 * The 44-byte RIFF header of 16-bit mono PCM at `sampleRate` Hz holding `samples` samples.
 * More samples than a RIFF size field can tell (about 37 hours at 16 kHz) are a RangeError.
 */
export function wavHeader(audio: { sampleRate: number; samples: number }): Uint8Array {
  const dataBytes = audio.samples * BYTES_PER_SAMPLE;
  if (dataBytes > MAX_DATA_BYTES) throw new RangeError(`${audio.samples} samples do not fit in a WAV file.`);
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  writeTag(header, 0, 'RIFF');
  view.setUint32(4, WAV_HEADER_BYTES - 8 + dataBytes, true);
  writeTag(header, 8, 'WAVE');
  writeTag(header, 12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, audio.sampleRate, true);
  view.setUint32(28, audio.sampleRate * BYTES_PER_SAMPLE, true);
  view.setUint16(32, BYTES_PER_SAMPLE, true);
  view.setUint16(34, BYTES_PER_SAMPLE * 8, true);
  writeTag(header, 36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}

/** A whole WAV file, 16-bit mono PCM: `wavHeader` and the samples behind it. */
export function encodeWav(samples: Int16Array, sampleRate: number): Uint8Array {
  const file = new Uint8Array(WAV_HEADER_BYTES + samples.length * BYTES_PER_SAMPLE);
  file.set(wavHeader({ sampleRate, samples: samples.length }));
  file.set(encodePcm16le(samples), WAV_HEADER_BYTES);
  return file;
}

function writeTag(bytes: Uint8Array, offset: number, tag: string): void {
  for (let index = 0; index < tag.length; index += 1) bytes[offset + index] = tag.charCodeAt(index);
}
