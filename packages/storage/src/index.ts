export { type CallArchive, type CallPlace, createCallArchive } from './archive/call-archive.ts';
export { createSessionArchive, type SessionArchive } from './archive/session-archive.ts';
export type { StoredKey } from './archive/stored-access.ts';
export type { StoredSegment } from './archive/stored-audio.ts';
export type { RemovedAmount } from './archive/stored-retention.ts';
export { createFolderStore } from './folder/folder-store.ts';
export { callKeys, keys, parseSegmentKey, type ResultPlace, type SegmentPlace } from './keys.ts';
export { type OpenOptions, openObjectStore } from './location.ts';
export {
  type ByteRange,
  ChecksumMismatch,
  type ListOptions,
  type ObjectInfo,
  ObjectNotFound,
  type ObjectPage,
  type ObjectStore,
  type PutFileOptions,
  type PutOptions,
  type WriteOutcome,
} from './port/object-store.ts';
export { verifyObject } from './port/verification.ts';
export type { S3StoreConfig } from './s3/s3-client.ts';
export { createS3Store, type S3ObjectStore } from './s3/s3-store.ts';
export { removeRecordings } from './sound/recordings-removal.ts';
export { layTimeline, layTracks, type Timeline } from './sound/timeline.ts';
export { readTracks, type SampleRange } from './sound/track-samples.ts';
