import { readWavHeader, type WavHeader } from './wav-header.ts';

/** Audio to upload: a file, bytes, or a stream of bytes. Blobs and bytes can be sent again as they are. */
export type UploadSource =
  | Blob
  | Uint8Array<ArrayBuffer>
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** A WAV header lies within this, bytes. */
const HEAD_BYTES = 65_536;

/** True when a failed request can simply be made again. */
export function isReplayable(source: UploadSource): source is Blob | Uint8Array<ArrayBuffer> {
  return source instanceof Blob || source instanceof Uint8Array;
}

/** The bytes of a source, in order. */
export async function* bytesOf(source: UploadSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else if (source instanceof Blob) yield* readAll(source.stream());
  else if (source instanceof ReadableStream) yield* readAll(source);
  else yield* source;
}

/** By a reader, because not every browser iterates over streams. */
async function* readAll(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isDone = done;
      if (value === undefined) return;
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => undefined);
  }
}

/** Reads the header of a WAV stream; undefined when it is none. `bytes` is the whole stream all the same. */
export async function openWav(
  source: AsyncIterable<Uint8Array>,
): Promise<{ header: WavHeader | undefined; bytes: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head = new Uint8Array();
  let header: WavHeader | undefined;
  while (header === undefined && head.length < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = joined(head, next.value);
    header = readWavHeader(head);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { header, bytes: all() };
}

/** The part of a stream that lies between two positions, bytes. */
export async function* part(
  source: AsyncIterable<Uint8Array>,
  range: { start: number; end: number },
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of source) {
    const from = Math.max(0, range.start - at);
    const to = Math.min(chunk.length, range.end - at);
    if (to > from) yield chunk.subarray(from, to);
    at += chunk.length;
    if (at >= range.end) return;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
