import { describe, expect, it } from '@jest/globals';
import { openObjectStore } from './location.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'hidden' };

describe('opening an object store by URL', () => {
  it.each(['file:./data', 'file:/var/lib/earshot', 'file:///var/lib/earshot'])(
    'takes %s for a folder',
    (url) => {
      expect(openObjectStore(url).description).toBe('folder');
    },
  );

  it('takes s3: for a bucket and does not tell credentials', async () => {
    const url = 's3://voice-1?endpoint=http://minio:9000&region=eu-central-1&path_style=true&max_sockets=8';
    const store = openObjectStore(url, { credentials });
    expect(store.description).toBe('s3 bucket voice-1');
    expect(JSON.stringify(store)).not.toContain('hidden');
    await store.close();
  });

  it.each([
    ['http://bucket', 'an object store is given as file:… or s3://bucket'],
    ['file:', 'file: needs a folder'],
    ['s3:', 's3: needs a bucket'],
    ['s3://key:secret@bucket', 'must not hold credentials'],
    ['s3://bucket/folder', 'names a bucket, not a folder'],
    ['s3://bucket?endpiont=http://x', 'does not know the parameter endpiont'],
    ['s3://bucket?endpoint=minio', 'the endpoint of an s3: URL is a URL'],
    ['s3://bucket?path_style=yes', 'path_style is true or false'],
    ['s3://bucket?max_sockets=0', 'max_sockets is a number'],
  ])('refuses %s', (url, message) => {
    expect(() => openObjectStore(url)).toThrow(message);
  });

  it('does not repeat a secret that stands in a refused URL', () => {
    expect(() => openObjectStore('s3://key:secret@bucket')).not.toThrow(/secret@/);
  });
});
