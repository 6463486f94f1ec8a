import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EarshotError } from '@earshot/protocol';

/** An upload on local disk, complete and hashed, before it becomes part of a session. */
export interface SpooledFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The first 16 kB, or all of a shorter file. */
  readonly head: Uint8Array;
  /** Open until the file is removed. */
  readonly handle: FileHandle;
  remove(): Promise<void>;
}

const PREFIX = 'upload-';
/** Other processes may be writing here; what nobody touched for an hour was left by a crash. */
const LEFTOVER_MS = 3_600_000;
const HEAD_BYTES = 16_384;
/** What comes is gathered to about this much before it is written: each write is a way to another thread, bytes. */
const WRITE_BYTES = 524_288;
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
export async function spool(
  body: AsyncIterable<unknown>,
  folder: string,
  maxBytes: number,
): Promise<SpooledFile> {
  const path = join(folder, `${PREFIX}${randomUUID()}`);
  let handle: FileHandle | undefined;
  const remove = async (): Promise<void> => {
    await Promise.all([handle?.close(), unlink(path).catch(ignoreMissing)]);
  };
  try {
    handle = await openNew(path, folder);
    const file = new SpoolWriter(handle);
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a body comes as bytes');
      if (file.bytes + chunk.length > maxBytes) {
        throw new EarshotError('chunk_too_large', { details: { max_bytes: maxBytes } });
      }
      await file.write(chunk);
    }
    await file.flush();
    if (file.bytes === 0) throw new EarshotError('invalid_request', { message: 'The body is empty.' });
    return { path, bytes: file.bytes, head: file.head(), sha256: file.sha256(), handle, remove };
  } catch (error) {
    await remove();
    throw error instanceof EarshotError ? error : spoolFailure(error);
  }
}

function ignoreMissing(error: unknown): void {
  const missing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
  if (!missing) throw error;
}

/** A new file that only this user may read, in a folder that is made again should it be gone. */
async function openNew(path: string, folder: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch {
    await mkdir(folder, { recursive: true });
    return open(path, 'wx', 0o600);
  }
}

/** Gathers what comes, and writes and hashes it. */
class SpoolWriter {
  bytes = 0;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #head: Uint8Array[] = [];
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A promise only when something is to be waited for. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.bytes < HEAD_BYTES) this.#head.push(chunk.slice(0, HEAD_BYTES - this.bytes));
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    return this.#gatheredBytes >= WRITE_BYTES ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    const gathered = this.#gathered;
    const bytes = this.#gatheredBytes;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (bytes === 0) return;
    const { bytesWritten } = await this.#file.writev(gathered);
    // A disk that takes only a part: the rest goes on from there, or fails with the reason.
    if (bytesWritten < bytes) await this.#file.writeFile(Buffer.concat(gathered).subarray(bytesWritten));
  }

  head(): Uint8Array {
    return Buffer.concat(this.#head);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** A full disk is ours to mend; anything else that ends a body early is the sender's. */
function spoolFailure(cause: unknown): EarshotError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (typeof code === 'string' && FULL.has(code)) return new EarshotError('insufficient_storage', { cause });
  return new EarshotError('invalid_request', { message: 'The body ended before it was complete.', cause });
}
