import { openObjectStore } from '@earshot/storage';
import { startFaultyS3, startMinio, type TestMinio } from '@earshot/test-support';
import { type S3Front, startS3Front } from '../network/s3-front.ts';
import type { EarshotOptions } from '../processes/earshot.ts';

/** An S3 server behind a front that can make trouble. */
export interface S3Scene {
  readonly front: S3Front;
  /** Undefined where no MinIO is installed: a stand-in serves then. */
  readonly minio: TestMinio | undefined;
  readonly storage: NonNullable<EarshotOptions['storage']>;
  stop(): Promise<void>;
}

interface Backend {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

/** A real MinIO where there is one. */
export async function openS3Scene(): Promise<S3Scene> {
  const minio = (await startMinio()) ?? undefined;
  const backend: Backend = minio ?? {
    ...(await startFaultyS3()),
    accessKeyId: 'stand-in',
    secretAccessKey: 'stand-in',
  };
  const { accessKeyId, secretAccessKey, bucket } = backend;
  const front = await startS3Front(backend.endpoint);
  const location = (endpoint: string): string =>
    `s3://${bucket}?endpoint=${encodeURIComponent(endpoint)}&create_bucket=true`;
  const store = openObjectStore(location(backend.endpoint), {
    credentials: { accessKeyId, secretAccessKey },
  });
  await store.probe();
  return {
    front,
    minio,
    storage: {
      url: location(front.endpoint),
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      store,
    },
    stop: async () => {
      await store.close();
      await front.stop();
      await backend.stop();
    },
  };
}
