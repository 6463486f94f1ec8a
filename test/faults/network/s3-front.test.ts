import { type ObjectStore, openObjectStore } from '@earshot/storage';
import { type FaultyS3, startFaultyS3 } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type S3Front, type S3Trouble, startS3Front } from './s3-front.ts';

let server: FaultyS3;
let front: S3Front;
let store: ObjectStore;
beforeAll(async () => {
  server = await startFaultyS3();
  front = await startS3Front(server.endpoint);
  store = openObjectStore(`s3://${server.bucket}?endpoint=${encodeURIComponent(front.endpoint)}`, {
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
});
afterAll(async () => {
  await store.close();
  await front.stop();
  await server.stop();
});

const body = Buffer.from('some bytes of an object');

/** The next request meets with trouble, and no other. */
function once(trouble: S3Trouble): void {
  let left = 1;
  front.trouble = () => (left-- > 0 ? trouble : undefined);
}

async function listed(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.listAll(prefix)) found.push(key);
  return found;
}

describe('the front of an S3 server', () => {
  it('passes on what is asked and answered', async () => {
    await store.put('a/1', body);
    await store.put('a/2', body);
    await store.put('b/1', body);
    expect(Buffer.from(await store.get('a/2'))).toEqual(body);
    expect(await listed('a/')).toEqual(['a/1', 'a/2']);
    expect((await store.list('', { delimiter: '/' })).prefixes).toEqual(['a/', 'b/']);
    expect((await store.list('a/', { limit: 1 })).truncated).toBe(true);
  });

  it.each<[S3Trouble['kind'], boolean]>([
    ['error', false],
    ['cut-before', false],
    ['false-success', false],
    ['cut-after', true],
    ['wrong-checksum', true],
  ])('with %s a write takes effect at once: %s', async (kind, takesEffect) => {
    const key = `trouble/${kind}`;
    const before = front.troubled();
    let seen: boolean | undefined;
    const trouble: S3Trouble =
      kind === 'error' ? { kind, status: 503, code: 'SlowDown' } : { kind: kind as 'cut-after' };
    let requests = 0;
    front.trouble = () => {
      requests += 1;
      if (requests === 2) seen = server.objects.has(key);
      return requests === 1 ? trouble : undefined;
    };
    await store.put(key, body, { createOnly: true });
    front.trouble = undefined;
    expect(front.troubled() - before).toBe(1);
    expect(seen).toBe(takesEffect);
    expect(Buffer.from(await store.get(key))).toEqual(body);
  });

  it('breaks a read off in its middle', async () => {
    await store.put('half', body);
    once({ kind: 'short-body' });
    const before = front.troubled();
    expect(Buffer.from(await store.get('half'))).toEqual(body);
    expect(front.troubled() - before).toBe(1);
    front.trouble = undefined;
  });
});
