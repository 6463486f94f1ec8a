import { createResampler } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { DecodeError } from './decode-error.ts';

/** Bytes as they arrive; a node Readable is one. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** Decoded audio: the rate once, in Hz, then mono samples in pieces of any length. */
export type DecodedPiece =
  | { readonly kind: 'format'; readonly sampleRate: number }
  | { readonly kind: 'samples'; readonly samples: Int16Array };

export interface DecodeLimits {
  /** Longest audio of one recording, seconds. */
  readonly maxSeconds: number;
  /** Longest time for decoding one recording, ms. */
  readonly maxWallMs: number;
}

export const DECODE_LIMITS: DecodeLimits = {
  maxSeconds: LIMITS.maxUploadSeconds,
  maxWallMs: LIMITS.decodeWallMs,
};

/** The same audio at the rate that is asked for. */
export async function* atRate(
  pieces: AsyncIterable<DecodedPiece>,
  sampleRate: number | undefined,
): AsyncGenerator<DecodedPiece> {
  let resampler: ReturnType<typeof createResampler> | undefined;
  for await (const piece of pieces) {
    if (piece.kind === 'format') {
      const rate = sampleRate ?? piece.sampleRate;
      if (rate !== piece.sampleRate) resampler = createResampler(piece.sampleRate, rate);
      yield { kind: 'format', sampleRate: rate };
    } else {
      yield resampler === undefined ? piece : { kind: 'samples', samples: resampler.push(piece.samples) };
    }
  }
  if (resampler !== undefined) yield { kind: 'samples', samples: resampler.flush() };
}

/** The same audio up to a number of seconds; throws `too_long` behind them when there is more. */
export async function* upTo(
  pieces: AsyncIterable<DecodedPiece>,
  maxSeconds: number,
): AsyncGenerator<DecodedPiece> {
  let left = Number.POSITIVE_INFINITY;
  for await (const piece of pieces) {
    if (piece.kind === 'format') {
      left = Math.floor(maxSeconds * piece.sampleRate);
      yield piece;
      continue;
    }
    const { samples } = piece;
    if (samples.length > left) {
      yield { kind: 'samples', samples: samples.slice(0, left) };
      throw new DecodeError('too_long');
    }
    left -= samples.length;
    yield piece;
  }
}
