import type { SegmentEntry, SessionRef } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import { type SegmentStatus, type SessionContents, type SessionIndex, segmentName } from '../ports.ts';
import { names } from './names.ts';
import { decodeReceipts, decodeSegments } from './rows.ts';

type ContentsIndex = Pick<
  SessionIndex,
  'uploads' | 'addUpload' | 'segments' | 'addSegments' | 'segmentStatuses' | 'markSegment'
>;

/** What a session holds: one Redis hash each for uploads, segments and the worker's progress. Nobody is woken by them. */
export function createContents(redis: Redis): ContentsIndex {
  return {
    async uploads(ref) {
      return decodeReceipts(await redis.hvals(names.uploads(ref)));
    },
    async addUpload(ref, receipt) {
      await redis.hset(names.uploads(ref), String(receipt.sequence), JSON.stringify(receipt));
    },
    async segments(ref) {
      return decodeSegments(await redis.hvals(names.segments(ref)));
    },
    addSegments: (ref, entries) => addSegments(redis, ref, entries),
    async segmentStatuses(ref) {
      return new Map(Object.entries(await redis.hgetall(names.statuses(ref)))) as Map<string, SegmentStatus>;
    },
    async markSegment(ref, segment, status) {
      await redis.hset(names.statuses(ref), segmentName(segment), status);
    },
  };
}

/** Writes everything that was found in the object store. */
export async function fillContents(redis: Redis, ref: SessionRef, contents: SessionContents): Promise<void> {
  const receipts = contents.uploads.flatMap((receipt) => [String(receipt.sequence), JSON.stringify(receipt)]);
  if (receipts.length > 0) await redis.hset(names.uploads(ref), ...receipts);
  await addSegments(redis, ref, contents.segments);
  const statuses = [...contents.statuses].flat();
  if (statuses.length > 0) await redis.hset(names.statuses(ref), ...statuses);
}

async function addSegments(redis: Redis, ref: SessionRef, entries: readonly SegmentEntry[]): Promise<void> {
  const fields = entries.flatMap((entry) => [segmentName(entry), JSON.stringify(entry)]);
  if (fields.length > 0) await redis.hset(names.segments(ref), ...fields);
}
