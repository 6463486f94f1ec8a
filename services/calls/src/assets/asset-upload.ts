import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AssetRecord, EarshotError, LIMITS, SNIFF_BYTES } from '@earshot/protocol';
import { type CallArchive, callKeys, type ObjectStore } from '@earshot/storage';
import { type AudioPart, openAudioPart } from './form.ts';
import { prepareAudio, sniffFormat } from './prepare-audio.ts';
import type { SpoolFile, SpoolFolder } from './spool-folder.ts';
import type { WorkSlots } from './work-slots.ts';

export interface AssetUploadDeps {
  readonly store: ObjectStore;
  readonly archive: Pick<CallArchive, 'createAsset'>;
  readonly spool: SpoolFolder;
  readonly slots: WorkSlots;
  readonly newId: (prefix: 'ast') => string;
  readonly now: () => Date;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/** The refusal of a file beyond LIMITS.maxAssetBytes. */
export const tooLarge = (): EarshotError =>
  new EarshotError('chunk_too_large', { details: { max_bytes: LIMITS.maxAssetBytes } });

/** Takes one form into the tenant's assets: spooled, judged by its first bytes, decoded, stored, and only then recorded. */
export async function receiveAsset(
  deps: AssetUploadDeps,
  tenant: string,
  form: { readonly body: Readable; readonly headers: IncomingHttpHeaders },
): Promise<AssetRecord> {
  const part = await openAudioPart(form.body, form.headers);
  const [sent, pcm] = [await deps.spool.newFile(), await deps.spool.newFile()];
  try {
    const sizeBytes = await spoolPart(part, sent);
    return await deps.slots.run(tenant, () => storeAsset(deps, tenant, { part, sent, pcm, sizeBytes }));
  } finally {
    await sent.remove();
    await pcm.remove();
  }
}

/** Writes the file to disk; tells its size in bytes. */
async function spoolPart(part: AudioPart, file: SpoolFile): Promise<number> {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    const chunks: AsyncIterable<Buffer> = part.stream;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    await pipeline(counted(), createWriteStream(file.path, { flags: 'wx', mode: 0o600 }));
  } catch (cause) {
    const full = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
    throw full
      ? new EarshotError('insufficient_storage', { cause })
      : new EarshotError('invalid_request', { message: 'The body ended before it was complete.', cause });
  }
  if (bytes > LIMITS.maxAssetBytes) throw tooLarge();
  if (bytes === 0) throw new EarshotError('invalid_request', { message: 'The file is empty.' });
  return bytes;
}

interface SpooledPart {
  readonly part: AudioPart;
  readonly sent: SpoolFile;
  readonly pcm: SpoolFile;
  readonly sizeBytes: number;
}

async function storeAsset(
  deps: AssetUploadDeps,
  tenant: string,
  { part, sent, pcm, sizeBytes }: SpooledPart,
): Promise<AssetRecord> {
  const format = sniffFormat(await headOf(sent.path));
  const input = createReadStream(sent.path);
  const prepared = await prepareAudio({ input, format, path: pcm.path, signal: deps.signal }).finally(() =>
    input.destroy(),
  );
  const { samples, bytes, sha256 } = prepared;
  const assetId = deps.newId('ast');
  await deps.store.putFile(callKeys.assetAudio(tenant, assetId), pcm.path, {
    bytes,
    sha256,
    contentType: 'application/octet-stream',
    createOnly: true,
  });
  const { filename, contentType } = part;
  const createdAt = deps.now().toISOString();
  const record = {
    v: 1,
    assetId,
    tenant,
    filename,
    contentType,
    sizeBytes,
    samples,
    sha256,
    createdAt,
  } as const;
  await deps.archive.createAsset(record);
  return record;
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
