import { LIMITS, type UploadResponse } from '@earshot/protocol';
import { EarshotApiError } from '../http/api-error.ts';
import { openAudioStream, type StreamOptions } from '../stream/audio-stream.ts';
import { type AudioKind, audioKind, canContinue, pcmKind, wholePiece } from './audio-kind.ts';
import { equalPieces } from './pieces.ts';
import { bytesOf, isReplayable, openWav, part, type UploadSource } from './upload-source.ts';

export interface UploadOptions {
  /** Names the format by its extension; a File has its own name. */
  readonly name?: string;
  /** Names the format too; raw PCM says its rate here: `audio/l16;rate=16000`. */
  readonly contentType?: string;
  /** Number of the first file in its session; counted by the client when left out. */
  readonly sequence?: number;
  /** What kind of session takes it; known for sessions that this client has created. */
  readonly uploadType?: 'chunked' | 'single' | 'stream';
  /** Largest piece of a stream that is kept to be sent again, bytes; 1 MiB when left out. */
  readonly pieceBytes?: number;
  /** Bytes that the server has by now. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
  /** For `stream` sessions. */
  readonly stream?: Omit<StreamOptions, 'sampleRate' | 'mode'>;
}

/** What the server has got. */
export interface UploadSummary {
  /** The answer to each file; none for a `stream` session. */
  readonly files: readonly UploadResponse[];
  readonly bytes: number;
}

/** Sends one numbered file with retries. */
type SendFile = (file: {
  name: string;
  data: Blob | Uint8Array<ArrayBuffer>;
  contentType?: string;
  signal?: AbortSignal;
}) => Promise<UploadResponse>;

export interface UploadWay {
  readonly sendFile: SendFile;
  /** Numbers the next file; a given number is where counting goes on. */
  readonly nextSequence: (given?: number) => number;
  readonly uploadType: 'chunked' | 'single' | 'stream';
}

const PIECE_BYTES = 1_048_576;

/**
 * Uploads audio as files of a session: what can be read again as one file, a stream in bounded pieces under numbers of
 * their own, so that each can be sent again with the same number. Throws RangeError when the format is not told.
 */
export async function uploadAudio(
  way: UploadWay,
  source: UploadSource,
  options: UploadOptions,
): Promise<UploadSummary> {
  const kind = audioKind(namesOf(source, options));
  const upload = new Upload(way, options);
  if (way.uploadType === 'single' && !isReplayable(source)) {
    return upload.whole(await collected(source), kind);
  }
  if (!isReplayable(source)) return upload.pieces(source, kind);
  return upload.whole(source, kind).catch((error: unknown) => {
    if (way.uploadType === 'single' || !isTooLarge(error)) throw error;
    return upload.pieces(source, kind);
  });
}

/** Feeds a `stream` session with PCM16 mono, raw or from a WAV, by requests that are resumed after drops. */
export async function uploadToStream(
  uploadUrl: string,
  source: UploadSource,
  options: UploadOptions,
): Promise<UploadSummary> {
  const { kind, bytes } = await opened(source, audioKind(namesOf(source, options)));
  if (kind.format !== 'pcm' || kind.channels !== 1) {
    throw new RangeError('A stream session takes PCM16 with one channel, raw or as WAV.');
  }
  const stream = await openAudioStream(uploadUrl, {
    transport: 'http',
    ...options.stream,
    sampleRate: kind.sampleRate,
  });
  const stopOnAbort = () => stream.close();
  options.signal?.addEventListener('abort', stopOnAbort);
  let sent = 0;
  try {
    for await (const chunk of bytes) {
      await stream.send(chunk);
      sent += chunk.length;
      options.onProgress?.(sent);
    }
    await stream.stop();
  } finally {
    options.signal?.removeEventListener('abort', stopOnAbort);
    stream.close();
  }
  return { files: [], bytes: sent };
}

class Upload {
  readonly #way: UploadWay;
  readonly #options: UploadOptions;
  readonly #files: UploadResponse[] = [];
  #bytes = 0;
  #sequence: number | undefined;

  constructor(way: UploadWay, options: UploadOptions) {
    this.#way = way;
    this.#options = options;
    this.#sequence = options.sequence;
  }

  async whole(data: Blob | Uint8Array<ArrayBuffer>, kind: AudioKind): Promise<UploadSummary> {
    const sequence = this.#way.nextSequence(this.#sequence);
    // Should the file be too large, its first piece takes the number.
    this.#sequence = sequence;
    await this.#send(data, { kind, sequence });
    return this.#summary();
  }

  async pieces(source: UploadSource, named: AudioKind): Promise<UploadSummary> {
    const { kind, bytes } = await opened(source, named);
    if (!canContinue(kind)) {
      await this.#send(await collected(bytes), { kind, sequence: this.#way.nextSequence(this.#sequence) });
      return this.#summary();
    }
    const size = wholePiece(kind, Math.min(this.#options.pieceBytes ?? PIECE_BYTES, LIMITS.maxChunkBytes));
    for await (const piece of equalPieces(bytes, size)) {
      const sequence = this.#way.nextSequence(this.#sequence);
      this.#sequence = undefined;
      await this.#send(piece, { kind, sequence });
    }
    return this.#summary();
  }

  async #send(
    data: Blob | Uint8Array<ArrayBuffer>,
    { kind, sequence }: { kind: AudioKind; sequence: number },
  ): Promise<void> {
    const { signal, onProgress } = this.#options;
    const { contentType, format } = kind;
    const answer = await this.#way.sendFile({
      name: `audio_${sequence}.${format}`,
      data,
      ...(contentType === undefined ? {} : { contentType }),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#files.push(answer);
    this.#bytes += data instanceof Blob ? data.size : data.length;
    onProgress?.(this.#bytes);
  }

  #summary(): UploadSummary {
    return { files: this.#files, bytes: this.#bytes };
  }
}

/** PCM16 inside a WAV counts as raw PCM, because pieces of a WAV are none. */
async function opened(
  source: UploadSource,
  named: AudioKind,
): Promise<{ kind: AudioKind; bytes: AsyncGenerator<Uint8Array> }> {
  if (named.format !== 'wav') return { kind: named, bytes: bytesOf(source) };
  const { header, bytes } = await openWav(bytesOf(source));
  if (header?.pcm !== true || header.bitsPerSample !== 16) return { kind: named, bytes };
  const { sampleRate, channels, dataStart, dataBytes = Number.POSITIVE_INFINITY } = header;
  return {
    kind: pcmKind(sampleRate, channels),
    bytes: part(bytes, { start: dataStart, end: dataStart + dataBytes }),
  };
}

/** The whole stream as a blob, which browsers may keep on disk; at most what a session takes as one file. */
async function collected(source: UploadSource): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of bytesOf(source)) {
    bytes += chunk.length;
    if (bytes > LIMITS.maxSingleBytes) throw new RangeError('One file has at most 512 MiB.');
    chunks.push(Uint8Array.from(chunk));
  }
  return new Blob(chunks);
}

function namesOf(source: UploadSource, options: UploadOptions) {
  const isFile = typeof File !== 'undefined' && source instanceof File;
  const own = source instanceof Blob && source.type !== '' ? source.type : undefined;
  return {
    name: options.name ?? (isFile ? source.name : undefined),
    contentType: options.contentType ?? own,
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof EarshotApiError && error.status === 413;
}
