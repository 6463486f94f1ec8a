import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EarshotError } from '@earshot/protocol';

/** An upload on local disk, complete and hashed, before it becomes part of a session. */
export interface SpooledFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  remove(): Promise<void>;
}

/**
 * Streams a body to a temporary file. Nothing reaches the object store before the body is whole, so a broken
 * upload leaves nothing behind. Errors: `chunk_too_large` as soon as `maxBytes` is passed, `invalid_request`
 * for an empty or cut-off body.
 */
export async function spool(body: Readable, folder: string, maxBytes: number): Promise<SpooledFile> {
  const path = join(folder, `upload-${randomUUID()}`);
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        done(new EarshotError('chunk_too_large', { details: { max_bytes: maxBytes } }));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    await pipeline(body, meter, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    await remove();
    throw error instanceof EarshotError ? error : cutOff(error);
  }
  if (bytes === 0) {
    await remove();
    throw new EarshotError('invalid_request', { message: 'The body is empty.' });
  }
  return { path, bytes, sha256: hash.digest('hex'), remove };
}

function cutOff(cause: unknown): EarshotError {
  return new EarshotError('invalid_request', { message: 'The body ended before it was complete.', cause });
}
