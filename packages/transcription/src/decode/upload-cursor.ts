import { SNIFF_BYTES, type Sniffed, sniffAudio, type UploadReceipt } from '@earshot/protocol';
import type { ByteSource } from './decoded-audio.ts';

/** One uploaded file, opened, with what its first bytes say. */
export interface OpenUpload {
  readonly receipt: UploadReceipt;
  readonly sniffed: Sniffed;
  /** The whole file; can be taken once. */
  bytes(): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

export type OpenReceipt = (receipt: UploadReceipt) => Promise<ByteSource>;

/** Raw PCM has no header to look for. */
const PCM: Sniffed = { format: 'pcm' };

async function openUpload(receipt: UploadReceipt, open: OpenReceipt): Promise<OpenUpload> {
  const iterator = (await open(receipt))[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < SNIFF_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    read.push(next.value);
    bytes += next.value.length;
  }
  const head = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of read) {
    head.set(chunk, at);
    at += chunk.length;
  }
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  return {
    receipt,
    sniffed: receipt.format === 'pcm' && bytes > 0 ? PCM : sniffAudio(head.subarray(0, SNIFF_BYTES)),
    close,
    async *bytes() {
      try {
        yield head;
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
          yield next.value;
      } finally {
        await close();
      }
    },
  };
}

/** Opens uploads one after the other, each when it is looked at, and never more than one. */
export class UploadCursor {
  readonly #receipts: readonly UploadReceipt[];
  readonly #open: OpenReceipt;
  #next = 0;
  #current: OpenUpload | undefined;

  constructor(receipts: readonly UploadReceipt[], open: OpenReceipt) {
    this.#receipts = receipts.toSorted((a, b) => a.sequence - b.sequence);
    this.#open = open;
  }

  /** The next upload, or undefined behind the last. Rejects with the storage's own error. */
  async peek(): Promise<OpenUpload | undefined> {
    const receipt = this.#receipts[this.#next];
    if (receipt === undefined) return undefined;
    this.#current ??= await openUpload(receipt, this.#open);
    return this.#current;
  }

  /** Moves on; the upload that was looked at is the caller's to read or to close. */
  take(): void {
    this.#current = undefined;
    this.#next += 1;
  }

  /** Closes what was looked at and not taken. */
  async close(): Promise<void> {
    await this.#current?.close();
    this.#current = undefined;
  }
}
