import { Readable } from 'node:stream';

/** The begin of a body, and all of it, the begin included. */
export interface PeekedBody {
  readonly head: Buffer;
  readonly body: AsyncIterable<Buffer>;
}

/** Reads up to `bytes` from a stream and gives them together with a body that still has all of it. */
export async function peek(source: Readable, bytes: number): Promise<PeekedBody> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const chunks: Buffer[] = [];
  let held = 0;
  while (held < bytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    held += next.value.length;
  }
  async function* whole(): AsyncGenerator<Buffer> {
    yield* chunks;
    yield* iterator;
  }
  return { head: Buffer.concat(chunks).subarray(0, bytes), body: whole() };
}

/** A body as a stream, for those who need one. */
export function streamOf(body: AsyncIterable<Buffer>): Readable {
  return Readable.from(body, { objectMode: false });
}
