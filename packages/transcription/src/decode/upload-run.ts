import type { AudioFormat, UploadReceipt } from '@earshot/protocol';
import type { OpenUpload, UploadCursor } from './upload-cursor.ts';

const containerOf = (format: AudioFormat): string => (format === 'm4a' ? 'mp4' : format);

/**
 * Uploads that are one recording: a file with a header of its own, and the headerless ones behind it. Browsers
 * that record in time slices give only the first slice a header.
 */
export class UploadRun {
  readonly format: AudioFormat;
  /** Files of the run that were begun so far, in order. */
  readonly receipts: UploadReceipt[] = [];
  readonly #cursor: UploadCursor;
  readonly #first: OpenUpload;

  constructor(cursor: UploadCursor, first: OpenUpload, format: AudioFormat) {
    this.#cursor = cursor;
    this.#first = first;
    this.format = format;
    this.#take(first);
  }

  get first(): UploadReceipt {
    return this.#first.receipt;
  }

  #take(upload: OpenUpload): void {
    this.#cursor.take();
    this.receipts.push(upload.receipt);
  }

  /** The next upload when it belongs to this run; raw PCM files stand alone. */
  async #continuation(): Promise<OpenUpload | undefined> {
    if (this.format === 'pcm') return undefined;
    const next = await this.#cursor.peek();
    const follows =
      next !== undefined &&
      'continuation' in next.sniffed &&
      containerOf(next.receipt.format) === containerOf(this.first.format);
    return follows ? next : undefined;
  }

  /** All bytes of the run, file after file. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    yield* this.#first.bytes();
    for (let next = await this.#continuation(); next !== undefined; next = await this.#continuation()) {
      this.#take(next);
      yield* next.bytes();
    }
  }

  /** Passes over files of the run that a decoder did not want any more. */
  async finish(): Promise<void> {
    await this.#first.close();
    for (let next = await this.#continuation(); next !== undefined; next = await this.#continuation()) {
      this.#take(next);
      await next.close();
    }
  }
}
