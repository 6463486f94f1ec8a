import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { readWavHeader } from '@earshot/client';
import { LIMITS } from '@earshot/protocol';
import { DECODED_SAMPLE_RATE, decodedPieces } from './ffmpeg-source.ts';

/** Audio of a file as PCM16LE mono, read piece by piece and never held whole. */
export interface AudioSource {
  readonly sampleRate: number;
  /** Undefined while only decoding can tell. */
  readonly seconds: number | undefined;
  readonly pieces: AsyncIterable<Uint8Array>;
}

const HEAD_BYTES = 65_536;

/**
 * Opens a file: PCM16 mono WAV is read as it is, `.pcm` and `.raw` at `rawRate` samples per second, and
 * anything else is decoded by ffmpeg, and so is WAV at another rate than the one that is wanted (16 kHz), if one is.
 * Rejects with a sentence when the file or ffmpeg is missing.
 */
export async function openAudioSource(
  path: string,
  rawRate: number,
  wantedRate?: typeof DECODED_SAMPLE_RATE,
): Promise<AudioSource> {
  const { size } = await stat(path);
  const extension = extname(path).toLowerCase();
  if (extension === '.pcm' || extension === '.raw') {
    return { sampleRate: rawRate, seconds: size / 2 / rawRate, pieces: createReadStream(path) };
  }
  const header = readWavHeader(await readHead(path));
  const plain = header?.pcm === true && header.channels === 1 && header.bitsPerSample === 16;
  const rates: readonly number[] = wantedRate === undefined ? LIMITS.sampleRates : [wantedRate];
  if (header === undefined || !plain || !rates.includes(header.sampleRate)) {
    return { sampleRate: DECODED_SAMPLE_RATE, seconds: undefined, pieces: decodedPieces(path) };
  }
  const available = size - header.dataStart;
  const bytes = Math.min(header.dataBytes ?? available, available) & ~1;
  const end = header.dataStart + bytes - 1;
  return {
    sampleRate: header.sampleRate,
    seconds: bytes / 2 / header.sampleRate,
    pieces: bytes === 0 ? nothing() : createReadStream(path, { start: header.dataStart, end }),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
