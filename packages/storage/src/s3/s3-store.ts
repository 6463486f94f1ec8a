import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { EarshotError } from '@earshot/protocol';
import { createSemaphore, type Semaphore } from '../concurrency/semaphore.ts';
import { assertKey, assertPrefix, assertRange } from '../port/object-key.ts';
import { listPages } from '../port/object-listing.ts';
import {
  ChecksumMismatch,
  ObjectNotFound,
  type ObjectStore,
  type PutFileOptions,
  type WriteOutcome,
} from '../port/object-store.ts';
import { probeCreateOnly } from '../port/probe.ts';
import type { DirectSender } from './direct/direct-sender.ts';
import { createDirectSender, createS3Client, DEFAULT_SOCKETS, type S3StoreConfig } from './s3-client.ts';
import { S3CallFailed, s3Failure } from './s3-failure.ts';
import { listS3 } from './s3-list.ts';
import { requireBucket } from './s3-probe.ts';
import { headObject, openStream, readWhole, type S3Place } from './s3-read.ts';
import { removeS3 } from './s3-remove.ts';
import { type S3Write, writeS3 } from './s3-write.ts';

/** An object store over S3 that tells how it keeps create-only writes apart. */
export interface S3ObjectStore extends ObjectStore {
  /**
   * `native`: the server refuses a second write (If-None-Match). `emulated`: it does not, as `probe` found out; each
   * write looks first, so two writers at the same moment may both be told `created` and the later one stays.
   */
  readonly createOnly: 'native' | 'emulated';
}

/** What the operations of one store share. */
interface Context {
  readonly client: S3Client;
  readonly direct: DirectSender;
  readonly config: S3StoreConfig;
  /** Requests beyond it wait here: in the agent's queue they would run into the connect timeout. */
  readonly semaphore: Semaphore;
  emulated: boolean;
}

/** Connects lazily: only `probe` and the operations themselves reach the server. */
export function createS3Store(config: S3StoreConfig): S3ObjectStore {
  const semaphore = createSemaphore(config.maxSockets ?? DEFAULT_SOCKETS);
  const client = createS3Client(config);
  const direct = createDirectSender(client, config);
  const context: Context = { client, direct, config, semaphore, emulated: false };
  const store: S3ObjectStore = {
    ...readingOperations(context),
    ...writingOperations(context),
    listAll: (prefix) => listPages(store, prefix),
    probe: () => probe(context, store),
    close: () => {
      client.destroy();
      direct.close();
      return Promise.resolve();
    },
    get createOnly() {
      return context.emulated ? 'emulated' : 'native';
    },
    get description() {
      const emulation = context.emulated ? ', create-only emulated' : '';
      return `s3 bucket ${config.bucket}${emulation}`;
    },
  };
  return store;
}

function readingOperations(context: Context): Pick<ObjectStore, 'get' | 'read' | 'head' | 'list'> {
  const { client, config, semaphore } = context;
  const place = (key: string): { bucket: string; key: string } => {
    assertKey(key);
    return { bucket: config.bucket, key };
  };
  return {
    get: async (key) => attempt(context, () => getWhole(context, place(key))),
    head: async (key) => attempt(context, () => headObject(client, place(key))),
    read: async (key, range) => {
      if (range !== undefined) assertRange(range);
      const leave = await semaphore.enter();
      try {
        const stream = await openStream(client, place(key), range);
        return stream.once('close', leave);
      } catch (error) {
        leave();
        throw s3Failure(error);
      }
    },
    list: async (prefix, options = {}) => {
      assertPrefix(prefix);
      return attempt(context, () => listS3(client, { bucket: config.bucket, prefix }, options));
    },
  };
}

/** By the short way if that is known and goes well, else by the SDK. */
async function getWhole({ client, direct }: Context, place: S3Place): Promise<Uint8Array> {
  const found = await direct.get(place.key);
  if (found === 'missing') throw new ObjectNotFound(place.key);
  return found ?? (await readWhole(client, place));
}

function writingOperations(context: Context): Pick<ObjectStore, 'put' | 'putFile' | 'remove'> {
  const { client, config } = context;
  return {
    put: async (key, body, { createOnly = false, contentType, sha256 } = {}) => {
      assertKey(key);
      const known = sha256 ?? createHash('sha256').update(body).digest('hex');
      const write = { bucket: config.bucket, key, open: () => body, bytes: body.length, sha256: known };
      return attempt(context, () => writeOnce(context, { ...write, contentType, createOnly }));
    },
    putFile: async (key, path, options) => {
      assertKey(key);
      return attempt(context, () => writeFile(context, key, { path, ...options }));
    },
    remove: async (keys) => {
      keys.forEach(assertKey);
      await attempt(context, () => removeS3(client, config.bucket, keys));
    },
  };
}

async function writeFile(
  context: Context,
  key: string,
  file: PutFileOptions & { readonly path: string },
): Promise<WriteOutcome> {
  const { path, bytes, sha256, contentType, createOnly = false } = file;
  if ((await stat(path)).size !== bytes) throw new ChecksumMismatch(key);
  const open = (): ReturnType<S3Write['open']> => (bytes === 0 ? new Uint8Array() : createReadStream(path));
  const { bucket } = context.config;
  return writeOnce(context, { bucket, key, open, bytes, sha256, contentType, createOnly });
}

async function writeOnce(context: Context, write: S3Write): Promise<WriteOutcome> {
  if (!write.createOnly || !context.emulated) return writeS3(context, write);
  const present = await headObject(context.client, { bucket: write.bucket, key: write.key });
  return present === null ? writeS3(context, { ...write, createOnly: false }) : 'exists';
}

async function attempt<T>(context: Context, task: () => Promise<T>): Promise<T> {
  try {
    return await context.semaphore.run(task);
  } catch (error) {
    throw s3Failure(error);
  }
}

async function probe(context: Context, store: ObjectStore): Promise<void> {
  const { client, config } = context;
  try {
    await requireBucket(client, config.bucket, config.createBucket === true);
    context.emulated = false;
    const refused = await refusesSecondWriter(store);
    context.emulated = !refused;
    if (!refused) await probeCreateOnly(store);
  } catch (error) {
    if (!(error instanceof EarshotError)) throw error;
    const where = config.endpoint === undefined ? '' : ` at ${new URL(config.endpoint).host}`;
    throw new EarshotError(error.code, {
      message: `${error.message} (${store.description}${where})`,
      ...(error.details === undefined ? {} : { details: { ...error.details } }),
      cause: error.cause,
    });
  }
}

/** False when the server lets a second writer win, or does not know conditional writes at all (501). */
async function refusesSecondWriter(store: ObjectStore): Promise<boolean> {
  try {
    await probeCreateOnly(store);
    return true;
  } catch (error) {
    if (!(error instanceof EarshotError)) throw error;
    const unknown = error.cause instanceof S3CallFailed && error.cause.status === 501;
    if (unknown || error.details?.['reason'] === 'replaced') return false;
    throw error;
  }
}
