import { readFile, stat } from 'node:fs/promises';
import { createKeyring } from '@earshot/runtime';
import { createFolderStore, createSessionArchive } from '@earshot/storage';
import { startMinio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findFirstKey } from './first-key.ts';
import { findTokenSecret } from './token-secret.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const objects = () => `${folder.path}/objects`;
const find = () => findFirstKey(folder.path, `file:${objects()}`);
const keyring = () => createKeyring({ store: createSessionArchive(createFolderStore(objects())) });

describe('findFirstKey', () => {
  it('makes a key that works and that only its owner can read', async () => {
    const first = await find();
    expect(first.created).toBe(true);
    expect(await readFile(first.file, 'utf8')).toBe(`${first.key}\n`);
    expect((await stat(first.file)).mode & 0o777).toBe(0o600);
    expect((await keyring().verify(first.key))?.record.tenant).toBe('default');
  });

  it('gives the same key again', async () => {
    const { key } = await find();
    expect(await find()).toMatchObject({ key, created: false });
    expect(await keyring().list()).toHaveLength(1);
  });

  it('takes the kept key into a store that does not know it', async () => {
    const { key } = await find();
    const elsewhere = `${folder.path}/elsewhere`;
    expect(await findFirstKey(folder.path, `file:${elsewhere}`)).toMatchObject({ key, created: false });
    const ring = createKeyring({ store: createSessionArchive(createFolderStore(elsewhere)) });
    expect(await ring.verify(key)).not.toBeNull();
  });

  it('makes another key when the kept one was revoked', async () => {
    const { key } = await find();
    const [record] = await keyring().list();
    await keyring().revoke(record!.keyId);
    const next = await find();
    expect(next.created).toBe(true);
    expect(next.key).not.toBe(key);
  });
});

const minio = await startMinio();
(minio === null ? describe.skip : describe)('findFirstKey on S3', () => {
  const before = { ...process.env };
  afterAll(async () => {
    process.env = before;
    await minio?.stop();
  });

  it('makes the bucket before it keeps a key there', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = minio!.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = minio!.secretAccessKey;
    const place = `s3://${minio!.bucket}?endpoint=${minio!.endpoint}&region=${minio!.region}`;
    await expect(findFirstKey(folder.path, place)).rejects.toThrow('bucket does not exist');
    const first = await findFirstKey(folder.path, `${place}&create_bucket=true`);
    expect(await findFirstKey(folder.path, place)).toMatchObject({ key: first.key, created: false });
  });
});

describe('findTokenSecret', () => {
  it('is long, private and the same after a restart', async () => {
    const secret = await findTokenSecret(folder.path);
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(await findTokenSecret(folder.path)).toBe(secret);
    expect((await stat(`${folder.path}/token-secret`)).mode & 0o777).toBe(0o600);
  });
});
