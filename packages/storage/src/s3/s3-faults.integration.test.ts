import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  type FaultyS3,
  s3Cut,
  s3Error,
  sendS3Answer,
  startFaultyS3,
  temporaryFolder,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectNotFound } from '../port/object-store.ts';
import { createS3Store, type S3ObjectStore } from './s3-store.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const BODY = new TextEncoder().encode('what was said');
const SHA256 = createHash('sha256').update(BODY).digest('hex');

let server: FaultyS3;
let store: S3ObjectStore;
beforeEach(async () => {
  server = await startFaultyS3();
  const { endpoint, bucket } = server;
  store = createS3Store({ endpoint, bucket, credentials, maxSockets: 3, idleTimeoutMs: 500 });
});
afterEach(async () => {
  await store.close();
  await server.stop();
});

const methods = (): string => server.requests.map(({ method }) => method).join();
const putOnce = (): Promise<string> => store.put('a/key', BODY, { createOnly: true });

async function putFileOnce(): Promise<string> {
  const folder = await temporaryFolder();
  try {
    const path = join(folder.path, 'file');
    await writeFile(path, BODY);
    return await store.putFile('a/key', path, { bytes: BODY.length, sha256: SHA256, createOnly: true });
  } finally {
    await folder.remove();
  }
}

/** From then on objects in memory go without the SDK, the first try of each. */
async function learnTheWay(): Promise<void> {
  await store.put('a/first', BODY);
  server.requests.length = 0;
  server.objects.clear();
}
const nothing = (): Promise<void> => Promise.resolve();

describe.each([
  ['put', putOnce, nothing, 'PUT,PUT,PUT,PUT'],
  ['putFile', putFileOnce, nothing, 'PUT,PUT,PUT,PUT'],
  ['a direct put', putOnce, learnTheWay, 'PUT,PUT,PUT,PUT,PUT'],
])('an S3 store whose server fails during %s', (_name, write, prepare, allTries) => {
  beforeEach(prepare);

  it('sends length, checksum and signed hash with a plain body', async () => {
    expect(await write()).toBe('created');
    expect(server.requests[0]?.headers).toMatchObject({
      'content-length': String(BODY.length),
      'if-none-match': '*',
      'x-amz-content-sha256': SHA256,
      'x-amz-checksum-sha256': Buffer.from(SHA256, 'hex').toString('base64'),
    });
    expect(server.requests[0]?.headers).not.toHaveProperty('x-amz-trailer');
    expect(server.requests[0]?.headers['authorization']).toContain('x-amz-content-sha256');
  });

  it('tries again, with the whole body, when told to slow down', async () => {
    server.faults.push(s3Error(503, 'SlowDown'), s3Error(500, 'InternalError'));
    expect(await write()).toBe('created');
    expect(methods()).toBe('PUT,PUT,PUT');
    expect(server.objects.get('a/key')?.body).toEqual(Buffer.from(BODY));
  });

  it('gives up after some tries and says what is wrong', async () => {
    server.always = s3Error(503, 'SlowDown');
    await expect(write()).rejects.toMatchObject({
      code: 'service_unavailable',
      retryable: true,
      details: { reason: 'overloaded' },
    });
    expect(methods()).toBe(allTries);
  });

  it('knows its own object when the answer got lost', async () => {
    server.faults.push(s3Cut('after'));
    expect(await write()).toBe('created');
    expect(methods()).toBe('PUT,PUT,HEAD');
  });

  it('says exists when a competitor was stored while the connection broke', async () => {
    server.faults.push((response, request, act) => {
      server.objects.set(request.key, { body: Buffer.from(BODY), headers: {} });
      s3Cut('before')(response, request, act);
    });
    expect(await write()).toBe('exists');
    expect(methods()).toBe('PUT,PUT,HEAD');
  });

  it('tries again when another conditional write is under way', async () => {
    server.faults.push(s3Error(409, 'ConditionalRequestConflict'));
    expect(await write()).toBe('created');
    expect(methods()).toBe('PUT,PUT');
  });

  it('does not take a success for one that comes without an ETag', async () => {
    const hollow = s3Error(200, 'InternalError');
    server.faults.push(hollow);
    expect(await write()).toBe('created');
    server.objects.clear();
    server.always = hollow;
    await expect(write()).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('does not take a success for one that tells another checksum', async () => {
    server.always = (response) => {
      response.writeHead(200, { etag: '"fake"', 'x-amz-checksum-sha256': 'AAAA' }).end();
    };
    await expect(write()).rejects.toMatchObject({
      code: 'service_unavailable',
      details: { reason: 'failed' },
    });
  });

  it.each([
    [403, 'AccessDenied', 'access_denied'],
    [403, 'InvalidAccessKeyId', 'credentials'],
    [400, 'ExpiredToken', 'credentials'],
    [301, 'PermanentRedirect', 'wrong_region'],
    [400, 'AuthorizationHeaderMalformed', 'wrong_region'],
    [404, 'NoSuchBucket', 'bucket_missing'],
  ])('asks once and names the reason for %i %s', async (status, code, reason) => {
    server.always = s3Error(status, code);
    await expect(write()).rejects.toMatchObject({ code: 'service_unavailable', details: { reason } });
    expect(methods()).toBe('PUT');
  });

  it('says when there is no room', async () => {
    server.always = s3Error(507, 'XMinioStorageFull');
    await expect(write()).rejects.toMatchObject({ code: 'insufficient_storage' });
  });

  it('gives up a server that never answers', async () => {
    server.always = () => undefined;
    await expect(write()).rejects.toMatchObject({ details: { reason: 'unreachable' } });
  }, 20_000);
});

describe('an S3 store that knows the way', () => {
  const bySdk = (): boolean[] => server.requests.map(({ headers }) => 'amz-sdk-invocation-id' in headers);
  beforeEach(learnTheWay);

  it('puts and gets without the SDK, under any key', async () => {
    for (const key of ["a/b!_.()'*+,;=@~-", 'plain/key-1.wav']) {
      expect(await store.put(key, BODY, { createOnly: true, contentType: 'audio/wav' })).toBe('created');
      expect(await store.put(key, BODY, { createOnly: true })).toBe('exists');
      expect(await store.get(key)).toEqual(BODY);
    }
    expect(bySdk()).toEqual([false, false, false, false, false, false]);
    expect(server.requests[3]).toMatchObject({
      key: 'plain/key-1.wav',
      headers: { 'content-type': 'audio/wav' },
    });
  });

  it('asks the SDK again after a failure, and goes straight once that went well', async () => {
    server.faults.push(s3Error(400, 'RequestTimeTooSkewed'));
    expect(await putOnce()).toBe('created');
    expect(await store.put('a/later', BODY)).toBe('created');
    expect(bySdk()).toEqual([false, true, false]);
  });

  it('says that there is no object, and asks nobody else', async () => {
    await expect(store.get('a/missing')).rejects.toBeInstanceOf(ObjectNotFound);
    expect(bySdk()).toEqual([false]);
  });

  it.each([
    [
      'breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': BODY.length });
        response.write(BODY.subarray(0, 5), () => response.socket?.destroy());
      },
    ],
    [
      'has another checksum',
      (response: ServerResponse) => {
        response.writeHead(200, { 'x-amz-checksum-sha256': 'AAAA' }).end(BODY);
      },
    ],
    ['is refused', s3Error(403, 'ExpiredToken')],
    ['finds no bucket', s3Error(404, 'NoSuchBucket')],
  ])('gets by the SDK what %s without it', async (_name, fault) => {
    await store.put('a/key', BODY);
    server.faults.push(fault);
    expect(await store.get('a/key')).toEqual(BODY);
    expect(bySdk()).toEqual([false, false, true]);
  });

  it('leaves large bodies to the SDK, which asks before it sends them', async () => {
    expect(await store.put('a/large', new Uint8Array(2_097_152))).toBe('created');
    expect(bySdk()).toEqual([true]);
  });
});

describe('an S3 store whose server fails otherwise', () => {
  it('keeps no more requests under way than it may', async () => {
    server.always = (response, _request, act) => void setTimeout(() => sendS3Answer(response, act()), 20);
    await Promise.all(Array.from({ length: 12 }, (_, i) => store.put(`n/${i}`, BODY)));
    expect(server.objects.size).toBe(12);
    expect(server.peak()).toBe(3);
  });

  it('begins a download anew that breaks off, and never gives a part for the whole', async () => {
    await store.put('a/key', BODY);
    const broken = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 5), () => response.socket?.destroy());
    };
    server.faults.push(broken);
    expect(await store.get('a/key')).toEqual(BODY);
    server.always = broken;
    await expect(store.get('a/key')).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('fails a stream that breaks off', async () => {
    server.always = (response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 5), () => response.socket?.destroy());
    };
    const stream = await store.read('a/key');
    await expect(stream.toArray()).rejects.toBeDefined();
  });

  it('does not give out bytes that miss the stored checksum', async () => {
    await store.put('a/key', BODY);
    const damaged = server.objects.get('a/key');
    damaged?.body.fill(0, 0, 1);
    await expect(store.get('a/key')).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('removes one by one where batches are unknown', async () => {
    await Promise.all(['x', 'y', 'z'].map((key) => store.put(key, BODY)));
    await store.remove(['x', 'y', 'missing']);
    expect([...server.objects.keys()]).toEqual(['z']);
  });
});

describe('the probe of an S3 store', () => {
  it('passes on a server that refuses a second writer', async () => {
    await store.probe();
    expect(store.createOnly).toBe('native');
    expect(server.objects.size).toBe(0);
  });

  it('notices a vendor that ignores If-None-Match, looks before it writes from then on, and says so', async () => {
    server.conditional = false;
    await store.probe();
    expect(store.createOnly).toBe('emulated');
    expect(store.description).toBe('s3 bucket faulty, create-only emulated');
    expect(await putOnce()).toBe('created');
    expect(await store.put('a/key', new Uint8Array([1]), { createOnly: true })).toBe('exists');
    expect(await store.get('a/key')).toEqual(BODY);
  });

  it('does the same for a vendor that refuses If-None-Match as unknown', async () => {
    server.always = (response, request, act) => {
      if (request.headers['if-none-match'] === undefined) sendS3Answer(response, act());
      else s3Error(501, 'NotImplemented')(response, request, act);
    };
    await store.probe();
    expect(store.createOnly).toBe('emulated');
    expect(await putOnce()).toBe('created');
  });

  it('does not take a broken server for one without conditional writes', async () => {
    server.always = (response, request, act) => {
      if (request.method === 'HEAD') sendS3Answer(response, act());
      else s3Error(403, 'AccessDenied')(response, request, act);
    };
    await expect(store.probe()).rejects.toMatchObject({ details: { reason: 'access_denied' } });
    expect(store.createOnly).toBe('native');
  });
});
