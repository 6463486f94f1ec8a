import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { mixInto, wavHeader } from '@earshot/audio';
import { EarshotError, RECORDING_KINDS, type RecordingKind } from '@earshot/protocol';
import { type ObjectStore, readTracks, type Timeline } from '@earshot/storage';

/** A WAV file on the local disk. */
export interface TrackFile {
  readonly kind: RecordingKind;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface OpenFile {
  readonly kind: RecordingKind;
  readonly path: string;
  readonly handle: FileHandle;
  readonly hash: Hash;
}

/**
 * Writes the two tracks of a timeline and their clipped sum as WAV files of one length, a block at a time. Errors:
 * `insufficient_storage` when the disk is full.
 */
export async function writeTrackFiles(
  store: ObjectStore,
  timeline: Timeline,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<TrackFile[]> {
  const files: OpenFile[] = [];
  try {
    for (const kind of RECORDING_KINDS) files.push(await create(folder, kind));
    const header = wavHeader(timeline);
    for (const file of files) await append(file, header);
    for await (const [inbound, outbound] of readTracks(store, timeline)) {
      signal.throwIfAborted();
      if (inbound === undefined || outbound === undefined) throw new Error('a timeline without two tracks');
      const mixed = inbound.slice();
      mixInto(mixed, outbound);
      const blocks = { inbound, outbound, mixed };
      for (const file of files) await append(file, bytesOf(blocks[file.kind]));
    }
    const bytes = header.length + timeline.samples * 2;
    return files.map(({ kind, path, hash }) => ({ kind, path, bytes, sha256: hash.digest('hex') }));
  } finally {
    await Promise.all(files.map((file) => file.handle.close()));
  }
}

async function create(folder: string, kind: RecordingKind): Promise<OpenFile> {
  const path = join(folder, `${kind}.wav`);
  return { kind, path, handle: await open(path, 'wx', 0o600), hash: createHash('sha256') };
}

async function append({ handle, hash }: OpenFile, bytes: Uint8Array): Promise<void> {
  hash.update(bytes);
  try {
    await handle.appendFile(bytes);
  } catch (error) {
    if (isFull(error)) throw new EarshotError('insufficient_storage', { cause: error });
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
