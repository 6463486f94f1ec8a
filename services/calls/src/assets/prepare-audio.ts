import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { encodePcm16le, parseWavHeader } from '@earshot/audio';
import { type AudioFormat, EarshotError, LIMITS, sniffAudio } from '@earshot/protocol';
import { type ByteSource, DecodeError, type DecodeReason, decodeAudio } from '@earshot/transcription';

/** Decoded audio on disk: PCM16LE, mono, at LIMITS.callSampleRate. */
export interface PreparedAudio {
  readonly samples: number;
  readonly bytes: number;
  /** Hex, of the PCM. */
  readonly sha256: string;
}

export interface PreparationRequest {
  /** All bytes of the file as it was sent. */
  readonly input: ByteSource;
  /** From `sniffFormat`. */
  readonly format: AudioFormat;
  /** Where the PCM goes; must not exist. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly limits?: { readonly maxSeconds?: number; readonly maxWallMs?: number };
}

/** What a file is by its first bytes. Throws `invalid_audio_format` for whatever must not reach a decoder. */
export function sniffFormat(head: Uint8Array): AudioFormat {
  const sniffed = sniffAudio(head);
  if ('format' in sniffed) {
    if (sniffed.format === 'wav') refuseManyChannels(head);
    return sniffed.format;
  }
  const detected = 'refuse' in sniffed ? sniffed.refuse : 'unknown';
  throw new EarshotError('invalid_audio_format', {
    message: 'The file is no audio that can be played.',
    details: { detected },
  });
}

/** Headers that promise thousands of channels are made to cost memory. One too long to be seen here is judged later. */
function refuseManyChannels(head: Uint8Array): void {
  let channels: number;
  try {
    ({ channels } = parseWavHeader(head));
  } catch {
    return;
  }
  if (channels <= LIMITS.maxChannels) return;
  throw new EarshotError('invalid_audio_format', {
    message: `The file has more than ${LIMITS.maxChannels} channels.`,
  });
}

/**
 * Decodes a file for playing. Nothing of a file that ends badly is kept by its caller: throws `invalid_audio_format`
 * with the reason, `chunk_too_large` beyond LIMITS.maxAssetSeconds, `insufficient_storage` on a full disk.
 */
export async function prepareAudio(request: PreparationRequest): Promise<PreparedAudio> {
  const hash = createHash('sha256');
  let samples = 0;
  async function* pcm(): AsyncGenerator<Uint8Array> {
    const pieces = decodeAudio({
      input: request.input,
      format: request.format,
      sampleRate: LIMITS.callSampleRate,
      convertInDecoder: true,
      limits: {
        maxSeconds: request.limits?.maxSeconds ?? LIMITS.maxAssetSeconds,
        maxWallMs: request.limits?.maxWallMs ?? LIMITS.assetDecodeMs,
      },
      signal: request.signal,
    });
    for await (const piece of pieces) {
      if (piece.kind === 'format' || piece.samples.length === 0) continue;
      const bytes = encodePcm16le(piece.samples);
      samples += piece.samples.length;
      hash.update(bytes);
      yield bytes;
    }
    if (samples === 0) throw new DecodeError('no_audio');
  }
  try {
    await pipeline(pcm(), createWriteStream(request.path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    throw failureOf(error);
  }
  return { samples, bytes: samples * 2, sha256: hash.digest('hex') };
}

const TOO_MUCH: readonly DecodeReason[] = ['too_long', 'too_large'];
const FULL = new Set(['ENOSPC', 'EDQUOT']);

function failureOf(cause: unknown): unknown {
  if (cause instanceof DecodeError) {
    if (cause.reason === 'aborted') return new EarshotError('shutting_down', { cause });
    const { reason, message } = cause;
    return TOO_MUCH.includes(reason)
      ? new EarshotError('chunk_too_large', { message, details: { max_seconds: LIMITS.maxAssetSeconds } })
      : new EarshotError('invalid_audio_format', { message, details: { reason }, cause });
  }
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && FULL.has(code)
    ? new EarshotError('insufficient_storage', { cause })
    : cause;
}
