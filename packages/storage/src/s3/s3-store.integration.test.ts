import { startMinio, type TestMinio } from '@earshot/test-support';
import { afterAll, describe, expect, it } from '@jest/globals';
import { objectStoreConformance } from '../testing/conformance.ts';
import type { S3StoreConfig } from './s3-client.ts';
import { createS3Store } from './s3-store.ts';

const minio = await startMinio();

function configOf(server: TestMinio): S3StoreConfig {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  return { endpoint, bucket, credentials: { accessKeyId, secretAccessKey }, createBucket: true };
}

if (minio === null) {
  it.skip('S3 needs a minio binary', () => undefined);
} else {
  afterAll(() => minio.stop());

  objectStoreConformance('s3', async () => {
    const store = createS3Store(configOf(minio));
    await store.probe();
    return store;
  });

  describe('an S3 store on a real server', () => {
    it('finds create-only writes honoured', async () => {
      const store = createS3Store(configOf(minio));
      await store.probe();
      expect(store.createOnly).toBe('native');
      expect(store.description).toBe(`s3 bucket ${minio.bucket}`);
      await store.close();
    });

    it.each([
      ['bucket_missing', { bucket: 'earshot-missing', createBucket: false }],
      ['access_denied', { credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' } }],
      ['unreachable', { endpoint: 'http://127.0.0.1:9' }],
    ])('says %s at start, with a sentence for the operator and no credentials', async (reason, change) => {
      const store = createS3Store({ ...configOf(minio), ...change });
      const failure = store.probe();
      await expect(failure).rejects.toMatchObject({ code: 'service_unavailable', details: { reason } });
      await expect(failure).rejects.toThrow(
        /^The object store cannot be used: .+ \(s3 bucket .+ at 127\.0\.0\.1/,
      );
      await expect(failure).rejects.not.toThrow(/nobody|nothing/);
      await store.close();
    });

    it('signs every key that may be, also where the SDK does not', async () => {
      const store = createS3Store(configOf(minio));
      await store.probe();
      const key = "odd/A-b!_.()'*+,;=@~/9.wav";
      expect(await store.put(key, new Uint8Array([7, 8]), { createOnly: true })).toBe('created');
      expect(await store.put(key, new Uint8Array([9]), { createOnly: true })).toBe('exists');
      expect((await store.list('odd/')).objects).toMatchObject([{ key, bytes: 2 }]);
      expect(await store.get(key)).toEqual(new Uint8Array([7, 8]));
      await store.close();
    });

    it('says why an operation failed, and works again when the server is back', async () => {
      const store = createS3Store(configOf(minio));
      await store.put('outage/before', new Uint8Array([1]));
      await minio.kill();
      await expect(store.get('outage/before')).rejects.toMatchObject({
        code: 'service_unavailable',
        details: { reason: 'unreachable' },
      });
      await minio.restart();
      expect(await store.get('outage/before')).toEqual(new Uint8Array([1]));
      await store.close();
    });

    it('tells a missing bucket from a missing object', async () => {
      const store = createS3Store({ ...configOf(minio), bucket: 'earshot-missing' });
      await expect(store.get('a')).rejects.toMatchObject({ details: { reason: 'bucket_missing' } });
      await expect(store.put('a', new Uint8Array())).rejects.toMatchObject({
        details: { reason: 'bucket_missing' },
      });
      await store.close();
    });
  });
}
