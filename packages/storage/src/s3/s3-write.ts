import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ChecksumMismatch, type WriteOutcome } from '../port/object-store.ts';
import { MAX_ATTEMPTS } from './s3-client.ts';
import {
  callS3,
  isConflict,
  isTransient,
  isWrongChecksum,
  S3CallFailed,
  unexpectedAnswer,
} from './s3-failure.ts';

/** One object to be written. `open` gives the body anew for each try. */
export interface S3Write {
  readonly bucket: string;
  readonly key: string;
  readonly open: () => Uint8Array | Readable;
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string | undefined;
  readonly createOnly: boolean;
}

/** Names the write that made an object: it tells our own lost answer from a competitor's object. */
const WRITE_ID = 'earshot-write';
/** First pause before another try, ms; it doubles, and jitter takes up to all of it. */
const BACKOFF_MS = 200;

/**
 * Stores one object and verifies by SHA-256 what arrived. A 412 that follows a lost answer counts as `created` when the
 * object carries this write's id, so exactly one writer is told so even when connections break. It is one request at any
 * size (S3 takes 5 GB), so no half of a multipart upload is ever left behind.
 */
export async function writeS3(client: S3Client, write: S3Write): Promise<WriteOutcome> {
  const writeId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const failure = await failureOf(send(client, write, writeId));
    if (failure === null) return 'created';
    if (isWrongChecksum(failure)) throw new ChecksumMismatch(write.key, { cause: failure });
    if (write.createOnly && failure.status === 412) {
      const answerLost = attempt + failure.attempts > 2;
      return answerLost && (await isOurs(client, write, writeId)) ? 'created' : 'exists';
    }
    if (attempt === MAX_ATTEMPTS || !isOurTurn(failure)) throw failure;
    await sleep(Math.random() * BACKOFF_MS * 2 ** attempt);
  }
}

async function failureOf(sent: Promise<void>): Promise<S3CallFailed | null> {
  try {
    await sent;
    return null;
  } catch (error) {
    if (error instanceof S3CallFailed) return error;
    throw error;
  }
}

/** The SDK repeats what it can; conflicts, streamed bodies and answers that contradict themselves are left to us. */
function isOurTurn(failure: S3CallFailed): boolean {
  return isConflict(failure) || (failure.attempts < MAX_ATTEMPTS && isTransient(failure));
}

async function send(client: S3Client, write: S3Write, writeId: string): Promise<void> {
  const body = write.open();
  const checksum = Buffer.from(write.sha256, 'hex').toString('base64');
  const command = new PutObjectCommand({
    Bucket: write.bucket,
    Key: write.key,
    Body: body,
    ContentLength: write.bytes,
    ChecksumSHA256: checksum,
    Metadata: { [WRITE_ID]: writeId },
    ...(write.contentType === undefined ? {} : { ContentType: write.contentType }),
    ...(write.createOnly ? { IfNoneMatch: '*' } : {}),
  });
  signPayload(command, write.sha256);
  try {
    const answer = await callS3(() => client.send(command));
    if (answer.ETag === undefined) throw unexpectedAnswer('success without an ETag');
    if (answer.ChecksumSHA256 !== undefined && answer.ChecksumSHA256 !== checksum) {
      throw unexpectedAnswer('success with another checksum');
    }
  } finally {
    if (!(body instanceof Uint8Array)) body.destroy();
  }
}

/** Makes the known hash part of the signature: servers that ignore checksum headers verify this one. */
function signPayload(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (hasHeaders(request)) request.headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'signKnownPayloadHash' },
  );
}

function hasHeaders(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}

async function isOurs(client: S3Client, write: S3Write, writeId: string): Promise<boolean> {
  const head = await callS3(() =>
    client.send(new HeadObjectCommand({ Bucket: write.bucket, Key: write.key })),
  );
  return head.Metadata?.[WRITE_ID] === writeId;
}
