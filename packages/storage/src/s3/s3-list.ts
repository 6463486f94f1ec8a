import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { ListOptions, ObjectPage } from '../port/object-store.ts';
import { callS3 } from './s3-failure.ts';

/** S3 gives at most this many entries at once. */
const PAGE = 1000;
/** Sorts behind every character a key may have. */
const BEHIND = '\u007F';

/** Bucket and beginning of the keys. */
export interface S3Folder {
  readonly bucket: string;
  readonly prefix: string;
}

/** One page of objects and prefixes in key order, put together from as many requests as its limit needs. */
export async function listS3(client: S3Client, folder: S3Folder, options: ListOptions): Promise<ObjectPage> {
  const { limit = PAGE, delimiter } = options;
  const page: ObjectPage = { objects: [], prefixes: [], truncated: false };
  let token: string | undefined;
  for (;;) {
    const command = new ListObjectsV2Command({
      Bucket: folder.bucket,
      Prefix: folder.prefix,
      MaxKeys: Math.min(PAGE, limit - page.objects.length - page.prefixes.length),
      Delimiter: delimiter,
      StartAfter: startBehind(options),
      ContinuationToken: token,
    });
    const answer = await callS3(() => client.send(command));
    collect(answer, page);
    token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
    if (token === undefined) return page;
    if (page.objects.length + page.prefixes.length >= limit) return { ...page, truncated: true };
  }
}

function collect(answer: ListObjectsV2CommandOutput, page: ObjectPage): void {
  for (const { Key, Size = 0, LastModified = new Date(0) } of answer.Contents ?? []) {
    if (Key !== undefined) page.objects.push({ key: Key, bytes: Size, modifiedAt: LastModified });
  }
  for (const { Prefix } of answer.CommonPrefixes ?? []) {
    if (Prefix !== undefined) page.prefixes.push(Prefix);
  }
}

/** Servers differ in whether a prefix lies behind itself, so we start behind all that it holds. */
function startBehind({ startAfter, delimiter }: ListOptions): string | undefined {
  const isPrefix = delimiter !== undefined && startAfter?.endsWith(delimiter) === true;
  return isPrefix ? startAfter + BEHIND : startAfter;
}
