import { LIMITS } from '@earshot/protocol';
import { invalidWav, type RiffChunk, type RiffHead, readRiffHead } from './riff-reader.ts';

/** How the samples of a WAV file are written; `other` is anything that needs a real decoder. */
export type WavFormat = 'pcm16' | 'mulaw' | 'alaw' | 'float32' | 'other';

/** What the head of a WAV file says; `dataBytes` is Infinity when the writer did not know the length. */
export interface WavHeader {
  readonly format: WavFormat;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  readonly dataOffset: number;
  readonly dataBytes: number;
}

type Layout = Omit<WavHeader, 'dataOffset' | 'dataBytes'>;

const FORMAT_CHUNK_BYTES = 16;
const EXTENSIBLE_CHUNK_BYTES = 40;
const WIDE_CHUNK_BYTES = 16;
const EXTENSIBLE = 0xfffe;
const MIN_SAMPLE_RATE = 1000;
const MAX_SAMPLE_RATE = 384_000;
/** sox claims 0x7FFFF000 bytes when it writes to a pipe; ffmpeg 0xFFFFFFFF, others 0. */
const LEAST_UNKNOWN_BYTES = 0x7fff_0000;

/** Formats by tag and bits, as in the `wFormatTag` registry of RFC 2361. */
const FORMATS: Readonly<Record<string, WavFormat>> = {
  '1/16': 'pcm16',
  '3/32': 'float32',
  '6/8': 'alaw',
  '7/8': 'mulaw',
};

/**
 * Reads the head of a WAV file, up to where its samples start; `bytes` may end anywhere behind that.
 * Throws `invalid_audio_format` when it is cut short, contradicts itself or is outside of what can be handled.
 */
export function parseWavHeader(bytes: Uint8Array): WavHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = readRiffHead(view);
  const [format, ...others] = head.before.filter((chunk) => chunk.tag === 'fmt ');
  if (format === undefined) throw invalidWav('The WAV file does not describe its format.');
  if (others.length > 0) throw invalidWav('The WAV file describes its format twice.');
  return { ...readLayout(view, format), dataOffset: head.data.offset, dataBytes: dataBytes(view, head) };
}

function readLayout(view: DataView, chunk: RiffChunk): Layout {
  if (chunk.bytes < FORMAT_CHUNK_BYTES) throw invalidWav('The format chunk of the WAV file is too short.');
  const channels = view.getUint16(chunk.offset + 2, true);
  const sampleRate = view.getUint32(chunk.offset + 4, true);
  const bitsPerSample = view.getUint16(chunk.offset + 14, true);
  if (channels < 1 || channels > LIMITS.maxChannels) {
    throw invalidWav(`The WAV file has ${channels} channels; 1 to ${LIMITS.maxChannels} can be handled.`);
  }
  if (sampleRate < MIN_SAMPLE_RATE || sampleRate > MAX_SAMPLE_RATE) {
    throw invalidWav(`The WAV file has an unusable sample rate of ${sampleRate} Hz.`);
  }
  const tag = formatTag(view, chunk);
  if (tag === 1 && bitsPerSample === 0) throw invalidWav('The WAV file has samples of 0 bits.');
  const format = FORMATS[`${tag}/${bitsPerSample}`] ?? 'other';
  return { format, sampleRate, channels, bitsPerSample };
}

/** The format tag; an extensible chunk keeps it in the first two bytes of its sub-format GUID. */
function formatTag(view: DataView, chunk: RiffChunk): number {
  const tag = view.getUint16(chunk.offset, true);
  if (tag !== EXTENSIBLE) return tag;
  if (chunk.bytes < EXTENSIBLE_CHUNK_BYTES)
    throw invalidWav('The format chunk of the WAV file is too short.');
  return view.getUint16(chunk.offset + 24, true);
}

/** The claimed length; a 64-bit file (EBU Tech 3306) keeps it in its `ds64` chunk. */
function dataBytes(view: DataView, head: RiffHead): number {
  const wide = head.before.find((chunk) => chunk.tag === 'ds64' && chunk.bytes >= WIDE_CHUNK_BYTES);
  if (wide !== undefined && head.data.bytes === 0xffff_ffff) {
    return Number(view.getBigUint64(wide.offset + 8, true));
  }
  return head.data.bytes === 0 || head.data.bytes >= LEAST_UNKNOWN_BYTES ? Infinity : head.data.bytes;
}
