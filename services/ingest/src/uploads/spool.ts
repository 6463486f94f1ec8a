import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
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

const PREFIX = 'upload-';
/** Other processes may be writing here; what nobody touched for an hour was left by a crash. */
const LEFTOVER_MS = 3_600_000;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Makes the folder and removes what crashed processes left in it: it is somebody's speech. */
export async function prepareSpool(folder: string, nowMs: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const info = name.startsWith(PREFIX) ? await stat(path).catch(() => undefined) : undefined;
    if (info !== undefined && nowMs - info.mtimeMs > LEFTOVER_MS) await rm(path, { force: true });
  }
}

/**
 * Streams a body to a temporary file. Nothing reaches the object store before the body is whole, so a broken
 * upload leaves nothing behind. Errors: `chunk_too_large` as soon as `maxBytes` is passed, `invalid_request`
 * for an empty or cut-off body, `insufficient_storage` when the disk is full.
 */
export async function spool(body: Readable, folder: string, maxBytes: number): Promise<SpooledFile> {
  const path = join(folder, `${PREFIX}${randomUUID()}`);
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
    throw error instanceof EarshotError ? error : spoolFailure(error);
  }
  if (bytes === 0) {
    await remove();
    throw new EarshotError('invalid_request', { message: 'The body is empty.' });
  }
  return { path, bytes, sha256: hash.digest('hex'), remove };
}

/** A full disk is ours to mend; anything else that ends a body early is the sender's. */
function spoolFailure(cause: unknown): EarshotError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (typeof code === 'string' && FULL.has(code)) return new EarshotError('insufficient_storage', { cause });
  return new EarshotError('invalid_request', { message: 'The body ended before it was complete.', cause });
}
