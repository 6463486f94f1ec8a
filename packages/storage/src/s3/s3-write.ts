import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ChecksumMismatch, type WriteOutcome } from '../port/object-store.ts';
import type { DirectSender } from './direct/direct-sender.ts';
import { signPayload, watchRoute } from './direct/put-route.ts';
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

/** The two ways of a write: straight when that is possible, else by the SDK. */
export interface S3Senders {
  readonly client: S3Client;
  readonly direct: DirectSender;
}

/** Larger bodies ask first whether they are welcome, as the SDK does (Expect: 100-continue), bytes. */
const MAX_DIRECT_BYTES = 2_097_151;
/** Names the write that made an object: it tells our own lost answer from a competitor's object. */
const WRITE_ID = 'earshot-write';
/** First pause before another try, ms; it doubles, and jitter takes up to all of it. */
const BACKOFF_MS = 200;

/**
 * Stores one object and verifies by SHA-256 what arrived. A 412 that follows a lost answer counts as `created` when the
 * object carries this write's id, so exactly one writer is told so even when connections break. It is one request at any
 * size (S3 takes 5 GB), so no half of a multipart upload is ever left behind.
 */
export async function writeS3(senders: S3Senders, write: S3Write): Promise<WriteOutcome> {
  const writeId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const failure = await failureOf(send(senders, write, writeId));
    if (failure === null) return 'created';
    if (isWrongChecksum(failure)) throw new ChecksumMismatch(write.key, { cause: failure });
    if (write.createOnly && failure.status === 412) {
      const answerLost = attempt + failure.attempts > 2;
      return answerLost && (await isOurs(senders.client, write, writeId)) ? 'created' : 'exists';
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

async function send(senders: S3Senders, write: S3Write, writeId: string): Promise<void> {
  const body = write.open();
  try {
    const small = body instanceof Uint8Array && body.length <= MAX_DIRECT_BYTES;
    if (small && senders.direct.isReady) await sendDirectly(senders.direct, { ...write, body, writeId });
    else await sendBySdk(senders, { ...write, body, writeId });
  } finally {
    if (!(body instanceof Uint8Array)) body.destroy();
  }
}

/** A write with the body of one try. */
interface Sending<Body> extends S3Write {
  readonly body: Body;
  readonly writeId: string;
}

async function sendDirectly(direct: DirectSender, sending: Sending<Uint8Array>): Promise<void> {
  const { key, body, sha256, contentType, createOnly } = sending;
  const headers = {
    'x-amz-checksum-sha256': base64Of(sha256),
    [`x-amz-meta-${WRITE_ID}`]: sending.writeId,
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(createOnly ? { 'if-none-match': '*' } : {}),
  };
  const answer = await direct.put({ key, body, sha256, headers });
  judge(sending, { etag: answer.etag, checksum: String(answer['x-amz-checksum-sha256'] ?? '') });
}

async function sendBySdk(
  { client, direct }: S3Senders,
  sending: Sending<Uint8Array | Readable>,
): Promise<void> {
  const { bucket, key, body, bytes, sha256, contentType, createOnly } = sending;
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: body,
    ContentLength: bytes,
    ChecksumSHA256: base64Of(sha256),
    Metadata: { [WRITE_ID]: sending.writeId },
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(createOnly ? { IfNoneMatch: '*' } : {}),
  });
  signPayload(command, sha256);
  if (!direct.isReady) watchRoute(command, { client, key, found: (route) => direct.follow(route) });
  const answer = await callS3(() => client.send(command));
  judge(sending, { etag: answer.ETag, checksum: answer.ChecksumSHA256 ?? '' });
}

/** An answer that says success must bear it out. */
function judge({ sha256 }: S3Write, answer: { etag: string | undefined; checksum: string }): void {
  if (answer.etag === undefined) throw unexpectedAnswer('success without an ETag');
  if (answer.checksum !== '' && answer.checksum !== base64Of(sha256)) {
    throw unexpectedAnswer('success with another checksum');
  }
}

function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

async function isOurs(client: S3Client, write: S3Write, writeId: string): Promise<boolean> {
  const head = await callS3(() =>
    client.send(new HeadObjectCommand({ Bucket: write.bucket, Key: write.key })),
  );
  return head.Metadata?.[WRITE_ID] === writeId;
}
