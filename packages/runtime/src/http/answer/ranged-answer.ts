import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ByteRange, parseRange } from './byte-range.ts';

/** A private file of known length. */
export interface RangedFile {
  readonly bytes: number;
  readonly contentType: string;
  /** As the browser is to name it. */
  readonly filename: string;
  read(range: ByteRange): Readable | Promise<Readable>;
}

/** Answers with a file or the part of it that was asked for: 200, or 206. Errors: `range_not_satisfiable`. */
export async function sendRanged(
  request: FastifyRequest,
  reply: FastifyReply,
  file: RangedFile,
): Promise<FastifyReply> {
  const range = parseRange(request.headers.range, file.bytes);
  const { start, end } = range ?? { start: 0, end: file.bytes };
  // HEAD gets the same headers, and nothing is read for it.
  const content = request.method === 'HEAD' ? Readable.from([]) : await file.read({ start, end });
  void reply.headers({
    'content-type': file.contentType,
    'accept-ranges': 'bytes',
    'content-length': String(end - start),
    'cache-control': 'private, no-store',
    'content-disposition': `inline; filename="${file.filename}"`,
  });
  if (range !== undefined) {
    void reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${file.bytes}`);
  }
  return reply.send(content);
}
