import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type ByteRange, type ObjectInfo, ObjectNotFound } from '../port/object-store.ts';
import { MAX_ATTEMPTS } from './s3-client.ts';
import { callS3, S3CallFailed, unexpectedAnswer } from './s3-failure.ts';

/** Bucket and key of one object. */
export interface S3Place {
  readonly bucket: string;
  readonly key: string;
}

/** Pause before a broken download is begun anew, ms. */
const AGAIN_MS = 200;

/** The whole object, its length and stored checksum verified; a download that breaks off is begun anew. */
export async function readWhole(client: S3Client, place: S3Place): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt += 1) {
    const { body, bytes } = await request(client, place);
    try {
      const chunks = await body.toArray();
      const whole = Buffer.concat(chunks.filter((chunk) => chunk instanceof Uint8Array));
      if (whole.length !== bytes) throw unexpectedAnswer('another length than announced');
      // A copy of its own: callers view it as samples, and a pooled buffer may start at an odd address.
      return new Uint8Array(whole);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw unexpectedAnswer(error);
      await sleep(Math.random() * AGAIN_MS * 2 ** attempt);
    }
  }
}

/** A stream of the object or a part of it. */
export async function openStream(client: S3Client, place: S3Place, range?: ByteRange): Promise<Readable> {
  if (range !== undefined && range.start === range.end) {
    if ((await headObject(client, place)) === null) throw new ObjectNotFound(place.key);
    return Readable.from([]);
  }
  try {
    return (await request(client, place, range)).body;
  } catch (error) {
    // The range lies behind the end.
    if (error instanceof S3CallFailed && error.status === 416) return Readable.from([]);
    throw error;
  }
}

/** What is known of an object; null when there is none. */
export async function headObject(client: S3Client, place: S3Place): Promise<ObjectInfo | null> {
  try {
    const command = new HeadObjectCommand({ Bucket: place.bucket, Key: place.key });
    const head = await callS3(() => client.send(command));
    return { key: place.key, bytes: head.ContentLength ?? 0, modifiedAt: head.LastModified ?? new Date(0) };
  } catch (error) {
    if (error instanceof S3CallFailed && error.status === 404) return null;
    throw error;
  }
}

async function request(
  client: S3Client,
  place: S3Place,
  range?: ByteRange,
): Promise<{ body: Readable; bytes: number | undefined }> {
  const part = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` };
  const whole = range === undefined ? { ChecksumMode: 'ENABLED' as const } : {};
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key, ...part, ...whole });
  try {
    const answer = await callS3(() => client.send(command));
    if (!(answer.Body instanceof Readable)) throw unexpectedAnswer('success without a body');
    return { body: answer.Body, bytes: answer.ContentLength };
  } catch (error) {
    if (!(error instanceof S3CallFailed) || error.status !== 404 || error.symptom === 'NoSuchBucket')
      throw error;
    throw new ObjectNotFound(place.key, { cause: error });
  }
}
