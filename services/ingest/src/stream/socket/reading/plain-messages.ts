import { isUtf8 } from 'node:buffer';

/** RFC 6455 section 5.2: a whole, unfragmented message of binary data or of text. */
const BINARY = 0x82;
const TEXT = 0x81;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Takes what was found: a text message, or binary ones one behind the other; the bytes are valid during the call only. */
export interface PlainSink {
  message(message: { readonly binary: boolean; readonly data: Uint8Array; readonly messages: number }): void;
}

/** Unmasked text, of all sockets in turn; a plain message is not longer. */
const scratch = new Uint8Array(65_536);
const scratchView = new DataView(scratch.buffer);

/**
 * Takes the whole messages at `from` that are as nearly all are: masked, not fragmented, not empty and below 64 kB.
 * Tells the index of the first byte of anything else, text that is not UTF-8 included, which it leaves as it was.
 * Binary payloads are unmasked where they lie and moved together, so the bytes in front of that index change.
 */
export function takePlainMessages(chunk: Uint8Array, from: number, sink: PlainSink): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const run = { from: aligned(chunk, from), to: 0, messages: 0 };
  run.to = run.from;
  const giveRun = (): void => {
    if (run.messages > 0)
      sink.message({ binary: true, data: chunk.subarray(run.from, run.to), messages: run.messages });
    run.messages = 0;
  };
  let at = from;
  for (;;) {
    const kind = chunk[at];
    const headBytes = plainHead(chunk, at);
    if (headBytes === 0) break;
    const size = headBytes === 6 ? (chunk[at + 1] ?? 0) & ~MASKED : view.getUint16(at + 2);
    const payload = at + headBytes;
    if (payload + size > chunk.length || size === 0) break;
    if (kind === BINARY) {
      if (run.messages === 0) run.from = run.to = aligned(chunk, at);
      unmask(view, payload, { view, to: run.to, size });
      run.to += size;
      run.messages += 1;
    } else {
      giveRun();
      unmask(view, payload, { view: scratchView, to: 0, size });
      const text = scratch.subarray(0, size);
      if (!isUtf8(text)) break;
      sink.message({ binary: false, data: text, messages: 1 });
    }
    at = payload + size;
  }
  giveRun();
  return at;
}

/** Bytes of the head of a plain message at a place; 0 for any other. */
function plainHead(chunk: Uint8Array, at: number): 0 | 6 | 8 {
  const kind = chunk[at];
  if (kind !== BINARY && kind !== TEXT) return 0;
  const second = chunk[at + 1] ?? 0;
  const length = second & ~MASKED;
  if ((second & MASKED) === 0 || length === LENGTH_64) return 0;
  const headBytes = length === LENGTH_16 ? 8 : 6;
  return at + headBytes <= chunk.length ? headBytes : 0;
}

/** The first index from `at` on that lies at a multiple of 4 bytes; a head is longer than what that skips. */
function aligned(chunk: Uint8Array, at: number): number {
  return at + (-(chunk.byteOffset + at) & 3);
}

/** Unmasks a payload by words of 4 bytes (RFC 6455 section 5.3); it may move towards the front of its own bytes. */
function unmask(from: DataView, at: number, target: { view: DataView; to: number; size: number }): void {
  const { view, to, size } = target;
  const mask = from.getUint32(at - 4, true);
  const words = size & ~3;
  for (let index = 0; index < words; index += 4) {
    view.setUint32(to + index, from.getUint32(at + index, true) ^ mask, true);
  }
  for (let index = words; index < size; index += 1) {
    view.setUint8(to + index, from.getUint8(at + index) ^ (mask >>> ((index & 3) << 3)));
  }
}
