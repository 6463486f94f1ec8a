import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { mapBounded } from '../concurrency/semaphore.ts';
import { callS3, S3CallFailed, unexpectedAnswer } from './s3-failure.ts';

/** Most keys in one request. */
const BATCH = 1000;
const SINGLE_AT_ONCE = 8;
/** Statuses by which servers refuse batches as such. */
const NO_BATCHES = new Set([400, 405, 501]);

/** Removes objects in batches, or one by one where the server does not know batches (as some S3 look-alikes do). */
export async function removeS3(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += BATCH) {
    const batch = keys.slice(at, at + BATCH);
    if (batch.length > 1 && (await removeBatch(client, bucket, batch))) continue;
    await mapBounded(batch, SINGLE_AT_ONCE, (key) =>
      callS3(() => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
    );
  }
}

/** False when the server refuses batches as such. */
async function removeBatch(client: S3Client, bucket: string, batch: readonly string[]): Promise<boolean> {
  const Delete = { Quiet: true, Objects: batch.map((Key) => ({ Key })) };
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete });
  try {
    const answer = await callS3(() => client.send(command));
    const failed = (answer.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey');
    if (failed.length > 0) throw unexpectedAnswer(`${failed.length} objects were not removed`);
    return true;
  } catch (error) {
    if (error instanceof S3CallFailed && NO_BATCHES.has(error.status ?? 0)) return false;
    throw error;
  }
}
