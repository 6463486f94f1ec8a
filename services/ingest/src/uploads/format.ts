import { parseWavHeader } from '@earshot/audio';
import {
  ADVERTISED_MIME_TYPES,
  type AudioFormat,
  EarshotError,
  formatOfMediaType,
  LIMITS,
  type MediaType,
  parseMediaType,
  sniffAudio,
  type UploadReceipt,
} from '@earshot/protocol';
import type { ParsedFileName } from './file-name.ts';

const GENERIC = new Set([
  'application/octet-stream',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
]);

/** What the caller says the bytes are: the content type first, else the file's extension. */
export interface Declared {
  readonly format: AudioFormat;
  readonly contentType: string;
  readonly pcm: UploadReceipt['pcm'];
}

/** Judges the declared format. Errors: `invalid_audio_format` with the list of supported ones. */
export function declaredFormat(contentType: string | undefined, name: ParsedFileName): Declared {
  const type =
    contentType === undefined || contentType.trim() === '' ? undefined : parseMediaType(contentType);
  const given = type !== undefined && !GENERIC.has(type.essence) ? type : undefined;
  const format = given === undefined ? name.format : formatOfMediaType(given);
  if (
    format === undefined ||
    (contentType !== undefined && contentType.trim() !== '' && type === undefined)
  ) {
    throw unsupported(contentType ?? name.original);
  }
  return {
    format,
    contentType: given === undefined ? `audio/${format}` : (contentType ?? '').slice(0, 120),
    pcm: format === 'pcm' ? pcmOf(given) : undefined,
  };
}

function pcmOf(type: MediaType | undefined): UploadReceipt['pcm'] {
  const sampleRate = Number(type?.parameters['rate'] ?? '16000');
  const channels = Number(type?.parameters['channels'] ?? '1');
  if (!Number.isInteger(sampleRate) || sampleRate < 8000 || sampleRate > 192_000) {
    throw new EarshotError('invalid_audio_format', {
      message: 'Raw PCM needs a rate between 8000 and 192000, as in "audio/l16;rate=16000".',
    });
  }
  if (!Number.isInteger(channels) || channels < 1 || channels > LIMITS.maxChannels) {
    throw new EarshotError('invalid_audio_format', {
      message: `Raw PCM has 1 to ${LIMITS.maxChannels} channels.`,
    });
  }
  return { sampleRate, channels, bigEndian: type?.parameters['endianness'] === 'big' };
}

function unsupported(given: string): EarshotError {
  return new EarshotError('invalid_audio_format', {
    details: { provided_format: given.slice(0, 120), supported_formats: [...ADVERTISED_MIME_TYPES] },
  });
}

const FAMILY: Partial<Record<AudioFormat, string>> = { m4a: 'mp4', mp4: 'mp4' };
const family = (format: AudioFormat): string => FAMILY[format] ?? format;

/**
 * Holds the first bytes against the declared format. The first file of a session must carry its own header;
 * later ones may be the headerless continuations that browsers record. Raw PCM has no header to look at, so
 * only a foreign one is refused. Errors: `invalid_audio_format`.
 */
export function checkMagic(head: Uint8Array, declared: Declared, sequence: number): void {
  const sniffed = sniffAudio(head);
  if ('refuse' in sniffed) throw mismatch(declared.format, sniffed.refuse);
  if ('format' in sniffed) {
    if (family(sniffed.format) !== family(declared.format)) throw mismatch(declared.format, sniffed.format);
    return;
  }
  if (declared.format === 'pcm') return;
  const continues = sequence > 0 && ['webm', 'ogg', 'm4a', 'mp4', 'mp3'].includes(declared.format);
  if (!continues) throw mismatch(declared.format, 'unknown');
}

function mismatch(declared: string, found: string): EarshotError {
  return new EarshotError('invalid_audio_format', {
    message: 'The data is not what its type says.',
    details: { provided_format: declared, detected: found, supported_formats: [...ADVERTISED_MIME_TYPES] },
  });
}

/** Refuses uncompressed audio that is longer than allowed; compressed audio is judged when it is decoded. */
export function checkDuration(head: Uint8Array, declared: Declared, bytes: number): void {
  const seconds = uncompressedSeconds(head, declared, bytes);
  if (seconds <= LIMITS.maxUploadSeconds) return;
  throw new EarshotError('chunk_too_large', {
    message: 'The audio is longer than allowed.',
    details: { chunk_duration_seconds: Math.round(seconds), max_duration_seconds: LIMITS.maxUploadSeconds },
  });
}

function uncompressedSeconds(head: Uint8Array, { format, pcm }: Declared, bytes: number): number {
  if (pcm !== undefined) return bytes / (2 * pcm.channels * pcm.sampleRate);
  if (format !== 'wav') return 0;
  const wav = parseWavHeader(head);
  const frameBytes = (wav.bitsPerSample / 8) * wav.channels;
  return frameBytes > 0 ? Math.min(wav.dataBytes, bytes) / (frameBytes * wav.sampleRate) : 0;
}
