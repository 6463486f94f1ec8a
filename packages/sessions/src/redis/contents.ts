import type { SegmentEntry, SessionRef } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import { type SegmentStatus, type SessionContents, type SessionIndex, segmentName } from '../ports.ts';
import type { Changes } from './changes.ts';
import { names } from './names.ts';
import { decodeReceipts, decodeSegments } from './rows.ts';

type ContentsIndex = Pick<
  SessionIndex,
  'uploads' | 'addUpload' | 'segments' | 'addSegments' | 'segmentStatuses' | 'markSegment'
>;

/** Sets fields of a hash and tells who waits for changes, in one round trip. */
const SET_AND_TELL = `
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('PUBLISH', ARGV[1], '1')`;
/** Lua unpacks some thousand values at most. */
const MOST_AT_ONCE = 500;

/** What a session holds: one Redis hash each for uploads, segments and the worker's progress. */
export function createContents(redis: Redis, changes: Changes): ContentsIndex {
  const tell = async (ref: SessionRef, key: string, fields: readonly string[]): Promise<void> => {
    await redis.eval(SET_AND_TELL, 1, key, names.changes(ref), ...fields);
  };
  return {
    async uploads(ref) {
      return decodeReceipts(await redis.hvals(names.uploads(ref)));
    },
    async addUpload(ref, receipt) {
      await tell(ref, names.uploads(ref), [String(receipt.sequence), JSON.stringify(receipt)]);
    },
    async segments(ref) {
      return decodeSegments(await redis.hvals(names.segments(ref)));
    },
    async addSegments(ref, entries) {
      const fields = fieldsOf(entries);
      if (entries.length > 0 && fields.length <= MOST_AT_ONCE) {
        await tell(ref, names.segments(ref), fields);
        return;
      }
      await addSegments(redis, ref, entries);
      await changes.publish(ref);
    },
    async segmentStatuses(ref) {
      return new Map(Object.entries(await redis.hgetall(names.statuses(ref)))) as Map<string, SegmentStatus>;
    },
    async markSegment(ref, segment, status) {
      await tell(ref, names.statuses(ref), [segmentName(segment), status]);
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
  const fields = fieldsOf(entries);
  if (fields.length > 0) await redis.hset(names.segments(ref), ...fields);
}

function fieldsOf(entries: readonly SegmentEntry[]): string[] {
  return entries.flatMap((entry) => [segmentName(entry), JSON.stringify(entry)]);
}
