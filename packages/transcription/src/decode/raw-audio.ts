import {
  decodeAlaw,
  decodeFloat32le,
  decodeMulaw,
  decodePcm16be,
  decodePcm16le,
  parseWavHeader,
  type WavFormat,
  type WavHeader,
} from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { DecodeError } from './decode-error.ts';
import type { ByteSource, DecodedPiece } from './decoded-audio.ts';

/** How raw samples are laid out. */
export interface RawLayout {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bytesPerSample: 1 | 2 | 4;
  readonly decode: (bytes: Uint8Array) => Int16Array;
}

/** What an upload's receipt says about raw PCM. */
export interface PcmFormat {
  readonly sampleRate: number;
  readonly bigEndian: boolean;
  readonly channels: number;
}

export const pcmLayout = (pcm: PcmFormat): RawLayout => ({
  sampleRate: pcm.sampleRate,
  channels: pcm.channels,
  bytesPerSample: 2,
  decode: pcm.bigEndian ? decodePcm16be : decodePcm16le,
});

const WAV_CODECS: Readonly<
  Record<Exclude<WavFormat, 'other'>, Pick<RawLayout, 'bytesPerSample' | 'decode'>>
> = {
  pcm16: { bytesPerSample: 2, decode: decodePcm16le },
  mulaw: { bytesPerSample: 1, decode: decodeMulaw },
  alaw: { bytesPerSample: 1, decode: decodeAlaw },
  float32: { bytesPerSample: 4, decode: decodeFloat32le },
};

/** The layout of a WAV file, or undefined when only a real decoder can read it at a usual rate. */
export function wavLayout(header: WavHeader): RawLayout | undefined {
  if (header.format === 'other' || !LIMITS.sampleRates.includes(header.sampleRate)) return undefined;
  return { ...WAV_CODECS[header.format], sampleRate: header.sampleRate, channels: header.channels };
}

/** Interleaved channels averaged into one. */
function toMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const out = new Int16Array(samples.length / channels);
  for (let frame = 0; frame < out.length; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += samples[frame * channels + channel] ?? 0;
    out[frame] = Math.round(sum / channels);
  }
  return out;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Decodes raw samples exactly, in any split of the bytes; an incomplete last sample is left out. */
export async function* decodeRaw(bytes: ByteSource, layout: RawLayout): AsyncGenerator<DecodedPiece> {
  yield { kind: 'format', sampleRate: layout.sampleRate };
  const frameBytes = layout.bytesPerSample * layout.channels;
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of bytes) {
    const all = joined(rest, chunk);
    const whole = all.length - (all.length % frameBytes);
    rest = all.slice(whole);
    if (whole === 0) continue;
    yield { kind: 'samples', samples: toMono(layout.decode(all.subarray(0, whole)), layout.channels) };
  }
}

/** A WAV head longer than this is an attack on memory, not a recording. */
const MAX_HEAD_BYTES = 1_048_576;

/** What stands in front of the samples, and the rest of the bytes with the already read ones put back. */
export interface WavStart {
  readonly header: WavHeader;
  /** The whole file again, from its first byte. */
  readonly file: ByteSource;
}

async function* replay(
  read: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* read;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function tryHeader(bytes: Uint8Array): WavHeader | undefined {
  try {
    return parseWavHeader(bytes);
  } catch {
    return undefined;
  }
}

/** Reads a WAV file's head; throws `damaged` when there is none within the first megabyte. */
export async function readWavStart(bytes: ByteSource): Promise<WavStart> {
  const iterator = bytes[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let head: Uint8Array = new Uint8Array(0);
  let tried = 0;
  for (;;) {
    const next = await iterator.next();
    if (next.done !== true) {
      read.push(next.value);
      head = joined(head, next.value);
    }
    // The head is tried again each time it has doubled, so a slow sender costs no quadratic work.
    if (next.done === true || head.length >= 2 * tried) {
      tried = Math.max(head.length, 1);
      const header = tryHeader(head);
      if (header !== undefined) return { header, file: replay(read, iterator) };
    }
    if (next.done !== true && head.length <= MAX_HEAD_BYTES) continue;
    await iterator.return?.();
    throw new DecodeError('damaged');
  }
}

/** The samples' bytes of a WAV file; throws `truncated` behind them when the header promised more. */
export async function* wavData({ header, file }: WavStart): AsyncGenerator<Uint8Array> {
  let skip = header.dataOffset;
  let left = header.dataBytes;
  for await (const chunk of file) {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const data = chunk.subarray(from, Math.min(chunk.length, from + left));
    left -= data.length;
    if (data.length > 0) yield data;
    if (left === 0) return;
  }
  if (left !== Number.POSITIVE_INFINITY && left > 0) throw new DecodeError('truncated');
}
