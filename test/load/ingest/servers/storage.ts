import { openObjectStore } from '@earshot/storage';
import { startMinio } from '@earshot/test-support';
import type { EarshotOptions } from '../../../faults/processes/earshot.ts';

/** Where earshot puts objects: a MinIO server of its own, or a folder that it writes itself. */
export const STORES = ['folder', 'minio'] as const;
export type StoreKind = (typeof STORES)[number];

/** Undefined storage is the folder of the run. MinIO's own processor time is never counted as earshot's. */
export async function openStorage(
  kind: StoreKind,
): Promise<{ storage: EarshotOptions['storage']; stop: () => Promise<void> }> {
  const minio = kind === 'minio' ? await startMinio() : null;
  if (minio === null) {
    if (kind === 'minio') throw new Error('there is no minio binary');
    return { storage: undefined, stop: () => Promise.resolve() };
  }
  const { accessKeyId, secretAccessKey, bucket, endpoint } = minio;
  const url = `s3://${bucket}?endpoint=${encodeURIComponent(endpoint)}&create_bucket=true`;
  const store = openObjectStore(url, { credentials: { accessKeyId, secretAccessKey } });
  await store.probe();
  return {
    storage: {
      url,
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      store,
    },
    stop: async () => {
      await store.close();
      await minio.stop();
    },
  };
}

/** MinIO where it is installed. */
export async function usualStore(): Promise<StoreKind> {
  const minio = await startMinio();
  await minio?.stop();
  return minio === null ? 'folder' : 'minio';
}
