import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clip } from '@earshot/calls';
import { EarshotError, LIMITS, SNIFF_BYTES } from '@earshot/protocol';
import type { GuardedFetch } from '@earshot/runtime';
import { type CallArchive, callKeys, ObjectNotFound, type ObjectStore } from '@earshot/storage';
import { readAsset } from './assets.ts';
import { openPcmClip, type PcmSource } from './pcm-clip.ts';
import { prepareAudio, sniffFormat } from './prepare-audio.ts';
import type { SpoolFolder } from './spool-folder.ts';
import { createWorkSlots, type WorkSlots } from './work-slots.ts';

export interface ClipsOptions {
  readonly store: ObjectStore;
  readonly archive: Pick<CallArchive, 'readAsset'>;
  readonly spool: SpoolFolder;
  /** For decoding, shared with uploads. */
  readonly slots: WorkSlots;
  /** Under the policy for URLs that tenants give. */
  readonly fetch: GuardedFetch;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  /** A clip could not be read on, or not let go of. */
  readonly onFailure: (error: unknown) => void;
}

/** Opens audio to be played into calls. Clips hold at most a few seconds of it in memory. */
export interface Clips {
  /** Throws `asset_not_found`. */
  fromAsset(tenant: string, assetId: string): Promise<Clip>;
  /**
   * Fetches, judges and decodes a file. Throws `invalid_request` for a URL that is refused, `upstream_unreachable`,
   * `invalid_audio_format`, `chunk_too_large`, `service_unavailable` when too many wait.
   */
  fromUrl(tenant: string, mediaUrl: string): Promise<Clip>;
}

export function createClips(options: ClipsOptions): Clips {
  const { store, onFailure } = options;
  const fetches = createWorkSlots({ running: LIMITS.maxAssetWork, waiting: LIMITS.maxAssetWorkWaiting });
  return {
    async fromAsset(tenant, assetId) {
      const { samples } = await readAsset(options, tenant, assetId);
      const key = callKeys.assetAudio(tenant, assetId);
      const source: PcmSource = {
        samples,
        read: async (start, end) => buffer(await store.read(key, { start, end })),
        release: () => Promise.resolve(),
      };
      try {
        return await openPcmClip(randomUUID(), source, onFailure);
      } catch (error) {
        throw error instanceof ObjectNotFound ? new EarshotError('asset_not_found', { cause: error }) : error;
      }
    },
    fromUrl: (tenant, mediaUrl) =>
      // A slow host takes a turn among those that fetch, and none of those that decode.
      fetches.run(tenant, async () =>
        openPcmClip(randomUUID(), await fetchedAudio(options, tenant, mediaUrl), onFailure),
      ),
  };
}

async function fetchedAudio(options: ClipsOptions, tenant: string, mediaUrl: string): Promise<PcmSource> {
  const { spool, slots, signal } = options;
  const { status, body } = await options.fetch(mediaUrl, {
    timeoutMs: LIMITS.assetFetchMs,
    maxResponseBytes: LIMITS.maxAssetBytes,
    signal,
  });
  if (status !== 200) throw new EarshotError('upstream_unreachable');
  const format = sniffFormat(body.subarray(0, SNIFF_BYTES));
  const pcm = await spool.newFile();
  try {
    const { path } = pcm;
    const prepare = () => prepareAudio({ input: pieces(body), format, path, signal });
    const { samples } = await slots.run(tenant, prepare);
    return openFileSource(await open(path, 'r'), samples);
  } finally {
    // An open file stays readable without its name, and nothing of it is left behind however this process ends.
    await pcm.remove();
  }
}

const PIECE_BYTES = 65_536;

/** Bytes in memory as a source. */
function pieces(bytes: Uint8Array): Readable {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Readable.from(
    Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES)),
  );
}

function openFileSource(file: FileHandle, samples: number): PcmSource {
  return {
    samples,
    async read(start, end) {
      const { bytesRead, buffer: bytes } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      return bytes.subarray(0, bytesRead);
    },
    release: () => file.close(),
  };
}
