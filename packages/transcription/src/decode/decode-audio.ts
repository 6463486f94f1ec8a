import type { AudioFormat } from '@earshot/protocol';
import {
  atRate,
  type ByteSource,
  DECODE_LIMITS,
  type DecodedPiece,
  type DecodeLimits,
  upTo,
} from './decoded-audio.ts';
import { decodeWithFfmpeg } from './ffmpeg.ts';
import { decodeRaw, type PcmFormat, pcmLayout, readWavStart, wavData, wavLayout } from './raw-audio.ts';

export interface DecodeRequest {
  /** All bytes of one recording. */
  readonly input: ByteSource;
  readonly format: AudioFormat;
  /** Needed for raw PCM: 16 kHz little-endian mono without it. */
  readonly pcm?: PcmFormat;
  /** Rate of the result, Hz; the recording's own without it. */
  readonly sampleRate?: number;
  /** ffmpeg converts the rate, in its own process: for services whose event loop keeps time. */
  readonly convertInDecoder?: boolean;
  readonly limits?: Partial<DecodeLimits>;
  readonly signal: AbortSignal;
  /** ffmpeg's name or path. */
  readonly ffmpeg?: string;
  /** Where MP4 files are kept while they are decoded. */
  readonly tempDir?: string;
}

const DEFAULT_PCM: PcmFormat = { sampleRate: 16_000, bigEndian: false, channels: 1 };

async function* decodeNative(request: DecodeRequest, limits: DecodeLimits): AsyncGenerator<DecodedPiece> {
  const { format, signal } = request;
  const decoderRate = request.convertInDecoder === true ? request.sampleRate : undefined;
  if (format === 'pcm') {
    yield* decodeRaw(request.input, pcmLayout(request.pcm ?? DEFAULT_PCM));
    return;
  }
  let { input } = request;
  if (format === 'wav') {
    const start = await readWavStart(input);
    const layout = wavLayout(start.header);
    if (layout !== undefined && (decoderRate === undefined || layout.sampleRate === decoderRate)) {
      yield* decodeRaw(wavData(start), layout);
      return;
    }
    input = start.file;
  }
  yield* decodeWithFfmpeg({
    input,
    format,
    limits,
    signal,
    ...(decoderRate === undefined ? {} : { sampleRate: decoderRate }),
    ...(request.ffmpeg === undefined ? {} : { binary: request.ffmpeg }),
    ...(request.tempDir === undefined ? {} : { tempDir: request.tempDir }),
  });
}

/**
 * Decodes one recording: first a `format` piece, then mono PCM16 samples. Raw PCM and plain WAV are decoded here,
 * sample for sample; everything else by ffmpeg. Throws DecodeError when the audio is bad, behind the samples that
 * could be had; errors of the input as they are.
 */
export async function* decodeAudio(request: DecodeRequest): AsyncGenerator<DecodedPiece> {
  const limits = { ...DECODE_LIMITS, ...request.limits };
  yield* atRate(upTo(decodeNative(request, limits), limits.maxSeconds), request.sampleRate);
}
