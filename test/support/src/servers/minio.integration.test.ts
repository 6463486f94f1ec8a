import { get } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { startMinio } from './minio.ts';

function status(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}

describe('a test minio', () => {
  it('refuses strangers, dies at kill and comes back at restart', async () => {
    const minio = await startMinio();
    if (minio === null) {
      expect(process.env['EARSHOT_TEST_MINIO']).toBeUndefined();
      return;
    }
    try {
      expect(await status(`${minio.endpoint}/${minio.bucket}`)).toBe(403);
      await minio.kill();
      await expect(status(minio.endpoint)).rejects.toThrow();
      await minio.restart();
      expect(await status(`${minio.endpoint}/${minio.bucket}`)).toBe(403);
    } finally {
      await minio.stop();
    }
  });
});
