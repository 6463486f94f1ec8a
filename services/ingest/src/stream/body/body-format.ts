import { decodeAlaw, decodeMulaw, decodePcm16be, decodePcm16le } from '@earshot/audio';
import { EarshotError, isWavHead, LIMITS, type MediaType, WAV_HEAD_BYTES } from '@earshot/protocol';

/** How the bytes of a streamed body become samples. */
export interface BodyFormat {
  readonly encoding: 'audio/l16' | 'audio/pcmu' | 'audio/pcma';
  /** Null where a sample is one byte. */
  readonly bigEndian: boolean | null;
  readonly sampleRate: number;
}

const LINEAR = new Set(['audio/l16', 'audio/x-l16', 'audio/pcm', 'audio/x-pcm']);
const MULAW = new Set(['audio/basic', 'audio/pcmu', 'audio/x-mulaw', 'audio/mulaw']);
const ALAW = new Set(['audio/pcma', 'audio/x-alaw', 'audio/alaw']);

/**
 * Reads the content type of a streamed body: `audio/l16` (also `audio/x-l16`, `audio/pcm`), mu-law or A-law,
 * mono, with `rate` (16000 for linear, 8000 for G.711 when left out). RFC 2586 says big-endian for L16, but
 * scribe clients and recorders send little-endian, so that is the default; `endianness=big` says otherwise.
 * Throws `unsupported_media_type`, or `invalid_audio_format` for a rate or layout that is not taken.
 */
export function bodyFormat({ essence, parameters }: MediaType): BodyFormat {
  const linear = LINEAR.has(essence);
  if (!linear && !MULAW.has(essence) && !ALAW.has(essence)) {
    throw new EarshotError('unsupported_media_type', {
      message: 'A streamed body is raw audio: audio/l16, audio/pcmu or audio/pcma.',
      details: { content_type: essence },
    });
  }
  const sampleRate = numberOf(parameters['rate'], linear ? 16_000 : 8000);
  if (!LIMITS.sampleRates.includes(sampleRate)) {
    throw invalid('This sample rate is not taken.', {
      rate: parameters['rate'],
      supported: [...LIMITS.sampleRates],
    });
  }
  if (numberOf(parameters['channels'], 1) !== 1) {
    throw invalid('A streamed body has one channel.', { channels: parameters['channels'] });
  }
  if (linear) return { encoding: 'audio/l16', bigEndian: isBigEndian(parameters['endianness']), sampleRate };
  return { encoding: MULAW.has(essence) ? 'audio/pcmu' : 'audio/pcma', bigEndian: null, sampleRate };
}

function numberOf(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
}

function isBigEndian(endianness = 'little'): boolean {
  const order = endianness.toLowerCase().replace(/-endian$/, '');
  if (order === 'big' || order === 'little') return order === 'big';
  throw invalid('endianness is "big" or "little".', { endianness });
}

function invalid(message: string, details: Record<string, unknown>): EarshotError {
  return new EarshotError('invalid_audio_format', { message, details });
}

/**
 * Turns the bytes of a body into samples, however they are split. Throws `invalid_audio_format` for a body that begins
 * as a WAV file: its content type is wrong, and so may be the rate and the channels that were declared with it.
 */
export class BodyDecoder {
  readonly #format: BodyFormat;
  #carry: number | undefined;
  /** The first bytes, until there are enough of them to judge. */
  #head: Uint8Array | undefined = new Uint8Array(0);

  constructor(format: BodyFormat) {
    this.#format = format;
  }

  /** 1 when the body ended in the middle of a sample. */
  get oddBytes(): number {
    return this.#carry === undefined ? 0 : 1;
  }

  push(bytes: Uint8Array): Int16Array {
    if (this.#head !== undefined) this.#head = judgedHead(this.#head, bytes);
    if (this.#format.encoding === 'audio/pcmu') return decodeMulaw(bytes);
    if (this.#format.encoding === 'audio/pcma') return decodeAlaw(bytes);
    const whole = this.#wholeSamples(bytes);
    return this.#format.bigEndian === true ? decodePcm16be(whole) : decodePcm16le(whole);
  }

  /** Puts the carried byte in front and holds an odd last byte back. */
  #wholeSamples(bytes: Uint8Array): Uint8Array {
    let joined = bytes;
    if (this.#carry !== undefined) {
      joined = new Uint8Array(bytes.length + 1);
      joined[0] = this.#carry;
      joined.set(bytes, 1);
    }
    const even = joined.length - (joined.length % 2);
    this.#carry = joined[even];
    return joined.subarray(0, even);
  }
}

/** The head with what follows it, or undefined once it is long enough and that of no WAV file. */
function judgedHead(head: Uint8Array, next: Uint8Array): Uint8Array | undefined {
  const joined = new Uint8Array(Math.min(WAV_HEAD_BYTES, head.length + next.length));
  joined.set(head);
  joined.set(next.subarray(0, joined.length - head.length), head.length);
  if (!isWavHead(joined)) return joined.length < WAV_HEAD_BYTES ? joined : undefined;
  throw new EarshotError('invalid_audio_format', {
    message:
      'The body is a WAV file, not raw samples. Send what follows its header, as `ffmpeg -i file.wav -f s16le -ac 1 -ar 16000 -` writes it, or upload the file to a session of upload_type "single".',
  });
}
