import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AudioFormat, EarshotError, LIMITS } from '@earshot/protocol';
import { type ChildExit, type RunningChild, startChild } from '../child/child-process.ts';
import { createScratchFolder } from '../child/scratch-folder.ts';
import { DecodeError } from './decode-error.ts';
import type { ByteSource, DecodedPiece, DecodeLimits } from './decoded-audio.ts';
import { decodeRaw, readWavStart, wavData, wavLayout } from './raw-audio.ts';

export interface FfmpegRequest {
  readonly input: ByteSource;
  readonly format: Exclude<AudioFormat, 'pcm'>;
  readonly limits: DecodeLimits;
  /** Rate of the output, Hz; the recording's own, or the nearest usual one, without it. */
  readonly sampleRate?: number;
  readonly signal: AbortSignal;
  /** Program name or path. */
  readonly binary?: string;
  readonly tempDir?: string;
}

/** The demuxer is always named: a probing decoder follows the addresses in playlists. */
const DEMUXERS: Readonly<Record<FfmpegRequest['format'], string>> = {
  webm: 'matroska',
  ogg: 'ogg',
  wav: 'wav',
  mp3: 'mp3',
  flac: 'flac',
  m4a: 'mov',
  mp4: 'mov',
};

/** MP4 may keep its index behind the audio, so it is read from a file of our own; all others from stdin. */
const needsFile = (format: FfmpegRequest['format']): boolean => DEMUXERS[format] === 'mov';
const SPOOL = 'audio';

/** Sound that people record; every other decoder is only a larger target. */
const CODECS = [
  ['opus', 'libopus', 'vorbis', 'libvorbis', 'flac', 'alac', 'aac', 'mp3', 'mp3float', 'mp2', 'mp2float'],
  ['pcm_u8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le'],
  ['pcm_mulaw', 'pcm_alaw', 'adpcm_ms', 'adpcm_ima_wav', 'gsm_ms'],
]
  .flat()
  .join();

/** What ffmpeg says about the pictures of a file whose sound alone is wanted. */
const HARMLESS = /not on whitelist|^\s*Last message repeated/;

/** Memory for one allocation of the decoder, bytes. */
const MAX_ALLOCATION = 268_435_456;

function ffmpegArguments(request: FfmpegRequest): string[] {
  const demuxer = DEMUXERS[request.format];
  const spooled = needsFile(request.format);
  const rates = request.sampleRate === undefined ? LIMITS.sampleRates : [request.sampleRate];
  return [
    ['-hide_banner', '-nostdin', '-loglevel', 'error', '-max_alloc', String(MAX_ALLOCATION)],
    // Any frame that fails to decode shows in the exit code; the others are still written.
    ['-max_error_rate', '0'],
    ['-threads', '1', '-protocol_whitelist', spooled ? 'file' : 'pipe', '-codec_whitelist', CODECS],
    ['-f', demuxer, '-i', spooled ? `file:${SPOOL}` : 'pipe:0'],
    ['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-threads', '1'],
    // Timestamps count samples from here on: a jump in the file's own would end the output early.
    ['-af', `aformat=sample_rates=${rates.join('|')},asetpts=N/SR/TB`, '-ac', '1'],
    // One second over the limit, so that reaching it can be told from ending at it.
    ['-t', String(Math.ceil(request.limits.maxSeconds) + 1)],
    ['-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav', 'pipe:1'],
  ].flat();
}

/** Resolves when the stream takes more, or never will. */
function writable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
    if (stream.destroyed) done();
  });
}

/** Writes the input to the decoder until one of them ends. Rejects only with the input's own error. */
async function feed(input: ByteSource, child: RunningChild): Promise<void> {
  try {
    for await (const chunk of input) {
      if (child.stdin.destroyed) return;
      if (!child.stdin.write(chunk)) await writable(child.stdin);
    }
  } catch (error) {
    child.stop();
    throw error;
  } finally {
    child.stdin.end();
  }
}

async function spool(input: ByteSource, path: string): Promise<void> {
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      bytes += chunk.length;
      if (bytes > LIMITS.maxSingleBytes) throw new DecodeError('too_large');
      yield chunk;
    }
  };
  await pipeline(counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
}

function failureOf(exit: ChildExit, samples: number): DecodeError | undefined {
  if (exit.stoppedBy === 'abort') return new DecodeError('aborted');
  if (exit.stoppedBy === 'timeout') return new DecodeError('timed_out');
  if (exit.signal !== null) return new DecodeError('decoder_crashed');
  // Demuxers pass over garbage with a word on stderr and exit 0; a good file leaves stderr empty.
  const complaints = exit.stderr.split('\n').filter((line) => line.trim() !== '' && !HARMLESS.test(line));
  if (exit.code !== 0 || complaints.length > 0) return new DecodeError('damaged');
  return samples === 0 ? new DecodeError('no_audio') : undefined;
}

const notInstalled = (cause: unknown): EarshotError =>
  new EarshotError('service_unavailable', { message: 'ffmpeg cannot be started: is it installed?', cause });

/** Decoded audio of a running decoder, then its verdict. */
async function* drain(child: RunningChild, fed: Promise<void>): AsyncGenerator<DecodedPiece> {
  let samples = 0;
  try {
    const start = await readWavStart(child.stdout);
    const layout = wavLayout(start.header);
    if (layout === undefined) throw new DecodeError('damaged');
    for await (const piece of decodeRaw(wavData(start), layout)) {
      if (piece.kind === 'samples') samples += piece.samples.length;
      yield piece;
    }
  } catch (error) {
    // Without a header on its output the decoder's exit says more than the missing header does.
    if (!(error instanceof DecodeError)) throw error;
  }
  const exit = await child.exit.catch((cause: unknown) => {
    throw notInstalled(cause);
  });
  await fed;
  const failure = failureOf(exit, samples);
  if (failure !== undefined) throw failure;
}

async function* run(request: FfmpegRequest, folder: string): AsyncGenerator<DecodedPiece> {
  const spooled = needsFile(request.format);
  if (spooled) await spool(request.input, join(folder, SPOOL));
  const child = startChild({
    command: request.binary ?? 'ffmpeg',
    args: ffmpegArguments(request),
    cwd: folder,
    timeoutMs: request.limits.maxWallMs,
    signal: request.signal,
  });
  const fed = spooled ? Promise.resolve(void child.stdin.end()) : feed(request.input, child);
  fed.catch(() => undefined);
  try {
    yield* drain(child, fed);
  } finally {
    child.stop();
    child.stdout.destroy();
    await child.exit.catch(() => undefined);
    await fed.catch(() => undefined);
  }
}

/**
 * Decodes one recording with ffmpeg to mono PCM16. The only place
 * that runs ffmpeg: no shell, no caller's string in its arguments, an empty folder as working directory, no
 * network. Throws DecodeError behind what could be decoded, EarshotError `service_unavailable` without ffmpeg, and
 * the input's own error when that fails.
 */
export async function* decodeWithFfmpeg(request: FfmpegRequest): AsyncGenerator<DecodedPiece> {
  const scratch = await createScratchFolder(request.tempDir);
  try {
    yield* run(request, scratch.path);
  } finally {
    await scratch.remove();
  }
}
