import type { UploadReceipt } from '@earshot/protocol';
import { decodeAudio } from './decode-audio.ts';
import { DecodeError, type DecodeReason } from './decode-error.ts';
import type { DecodedPiece, DecodeLimits } from './decoded-audio.ts';
import { type OpenReceipt, type OpenUpload, UploadCursor } from './upload-cursor.ts';
import { UploadRun } from './upload-run.ts';

/** What comes out of a session's uploads, in the order of their sequence numbers. */
export type UploadEvent =
  | DecodedPiece
  /** A file that gave no audio, or (`decodedSamples` > 0) a recording that broke off in it. */
  | {
      readonly kind: 'skipped';
      readonly receipt: UploadReceipt;
      readonly reason: DecodeReason;
      /** Samples of its recording that were had nevertheless. */
      readonly decodedSamples: number;
    }
  /** Sequence numbers that are not there: `sequence` to `through`, both included. */
  | { readonly kind: 'missing'; readonly sequence: number; readonly through: number };

export interface DecodeUploadsRequest {
  /** In any order. */
  readonly receipts: readonly UploadReceipt[];
  /** The file's bytes, once; a source that stands still must fail when `signal` aborts. */
  readonly open: OpenReceipt;
  readonly signal: AbortSignal;
  readonly limits?: Partial<DecodeLimits>;
  readonly ffmpeg?: string;
  readonly tempDir?: string;
}

class UploadDecoder {
  readonly #request: DecodeUploadsRequest;
  readonly #cursor: UploadCursor;
  /** Rate of the first file that could be decoded; later ones follow it. */
  #sampleRate: number | undefined;
  #lastSequence: number | undefined;

  constructor(request: DecodeUploadsRequest) {
    this.#request = request;
    this.#cursor = new UploadCursor(request.receipts, request.open);
  }

  async *events(): AsyncGenerator<UploadEvent> {
    try {
      for (let next = await this.#cursor.peek(); next !== undefined; next = await this.#cursor.peek()) {
        yield* this.#holeBefore([next.receipt]);
        if ('format' in next.sniffed) {
          yield* this.#decodeRun(new UploadRun(this.#cursor, next, next.sniffed.format));
        } else {
          yield await this.#skip(next, 'refuse' in next.sniffed ? 'refused' : 'no_header');
        }
      }
    } finally {
      await this.#cursor.close();
    }
  }

  async #skip(upload: OpenUpload, reason: DecodeReason): Promise<UploadEvent> {
    this.#cursor.take();
    await upload.close();
    return { kind: 'skipped', receipt: upload.receipt, reason, decodedSamples: 0 };
  }

  *#holeBefore(receipts: readonly UploadReceipt[]): Generator<UploadEvent> {
    for (const { sequence } of receipts) {
      const expected = (this.#lastSequence ?? sequence - 1) + 1;
      if (sequence > expected) yield { kind: 'missing', sequence: expected, through: sequence - 1 };
      this.#lastSequence = Math.max(sequence, this.#lastSequence ?? sequence);
    }
  }

  async *#decodeRun(run: UploadRun): AsyncGenerator<UploadEvent> {
    let decodedSamples = 0;
    let failure: DecodeError | undefined;
    try {
      for await (const piece of this.#pieces(run)) {
        yield* this.#holeBefore(run.receipts);
        if (piece.kind === 'samples') decodedSamples += piece.samples.length;
        yield piece;
      }
    } catch (error) {
      if (!(error instanceof DecodeError) || error.reason === 'aborted') throw error;
      failure = error;
    }
    await run.finish();
    yield* this.#holeBefore(run.receipts);
    if (failure === undefined) return;
    const { reason } = failure;
    const lost = decodedSamples > 0 ? run.receipts.slice(-1) : run.receipts;
    for (const receipt of lost) yield { kind: 'skipped', receipt, reason, decodedSamples };
  }

  /** A run's audio at the session's rate; the format is told once, with the first samples of all. */
  async *#pieces(run: UploadRun): AsyncGenerator<DecodedPiece> {
    const { signal, limits, ffmpeg, tempDir } = this.#request;
    const pieces = decodeAudio({
      input: run.bytes(),
      format: run.format,
      signal,
      ...(run.first.pcm === undefined ? {} : { pcm: run.first.pcm }),
      ...(this.#sampleRate === undefined ? {} : { sampleRate: this.#sampleRate }),
      ...(limits === undefined ? {} : { limits }),
      ...(ffmpeg === undefined ? {} : { ffmpeg }),
      ...(tempDir === undefined ? {} : { tempDir }),
    });
    let format: DecodedPiece | undefined;
    let samples = 0;
    for await (const piece of pieces) {
      if (signal.aborted) throw new DecodeError('aborted');
      if (piece.kind === 'format') {
        format = piece;
        continue;
      }
      if (piece.samples.length === 0) continue;
      samples += piece.samples.length;
      if (this.#sampleRate === undefined && format?.kind === 'format') {
        this.#sampleRate = format.sampleRate;
        yield format;
      }
      yield piece;
    }
    if (samples === 0) throw new DecodeError('no_audio');
  }
}

/**
 * Decodes a session's uploaded files in order, as mono PCM16 at the rate of the first one that can be decoded.
 * Consecutive files are joined into one recording where the later ones have no header of their own. A bad file is
 * skipped with a reason and never ends the whole; errors of the storage, and of ffmpeg not being there, do, so
 * that the job is tried again. DecodeError `aborted` after an abort.
 */
export function decodeUploads(request: DecodeUploadsRequest): AsyncGenerator<UploadEvent> {
  return new UploadDecoder(request).events();
}
