import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { EarshotError } from '@earshot/protocol';
import { callS3, S3CallFailed, s3Failure } from './s3-failure.ts';

/** Resolves when the bucket is there, having created it if it may; throws `service_unavailable` otherwise. */
export async function requireBucket(client: S3Client, bucket: string, create: boolean): Promise<void> {
  try {
    await callS3(() => client.send(new HeadBucketCommand({ Bucket: bucket })));
  } catch (error) {
    if (!(error instanceof S3CallFailed) || error.status !== 404) throw s3Failure(error);
    if (!create) {
      throw new EarshotError('service_unavailable', {
        message: 'The object store cannot be used: its bucket does not exist.',
        details: { reason: 'bucket_missing' },
        cause: error,
      });
    }
    await createBucket(client, bucket);
  }
}

async function createBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    // The SDK adds the location of the client's region itself.
    await callS3(() => client.send(new CreateBucketCommand({ Bucket: bucket })));
  } catch (error) {
    // Another process of ours was faster.
    if (!(error instanceof S3CallFailed) || error.symptom !== 'BucketAlreadyOwnedByYou')
      throw s3Failure(error);
  }
}
