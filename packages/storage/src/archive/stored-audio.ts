import {
  DecodedRecord,
  Manifest,
  type SessionRef,
  StreamClaim,
  StreamRecord,
  type TrackName,
  UploadReceipt,
} from '@earshot/protocol';
import { mapBounded } from '../concurrency/semaphore.ts';
import { keys, parseSegmentKey } from '../keys.ts';
import type { ObjectStore, WriteOutcome } from '../port/object-store.ts';
import { createDocuments, type Documents } from './document.ts';

/** A segment as the store lists it; `firstSample` is a position on the track. */
export interface StoredSegment {
  readonly track: TrackName;
  readonly index: number;
  readonly firstSample: number;
  readonly key: string;
  readonly bytes: number;
}

/** What came in: uploads, streams, segments, and the records that close them. */
export interface StoredAudio {
  /** Sorted by sequence. */
  readUploads(ref: SessionRef): Promise<UploadReceipt[]>;
  readUpload(ref: SessionRef, sequence: number): Promise<UploadReceipt | null>;
  createUpload(ref: SessionRef, receipt: UploadReceipt): Promise<WriteOutcome>;
  writeUpload(ref: SessionRef, receipt: UploadReceipt): Promise<void>;
  /** Sorted by epoch. */
  readStreams(ref: SessionRef): Promise<StreamRecord[]>;
  writeStream(ref: SessionRef, record: StreamRecord): Promise<void>;
  createClaim(ref: SessionRef, claim: StreamClaim): Promise<WriteOutcome>;
  readClaim(ref: SessionRef, epoch: number): Promise<StreamClaim | null>;
  /** Epochs that were claimed, in order; told by the keys alone. */
  listClaims(ref: SessionRef): Promise<number[]>;
  removeClaims(ref: SessionRef, epochs: readonly number[]): Promise<void>;
  /** Sorted by track and index; told by the keys alone. */
  listSegments(ref: SessionRef): Promise<StoredSegment[]>;
  readManifest(ref: SessionRef): Promise<Manifest | null>;
  createManifest(manifest: Manifest): Promise<WriteOutcome>;
  readDecoded(ref: SessionRef): Promise<DecodedRecord | null>;
  createDecoded(ref: SessionRef, record: DecodedRecord): Promise<WriteOutcome>;
}

/** Documents read at once. */
const READS = 16;

export function createStoredAudio(store: ObjectStore): StoredAudio {
  const uploads = createDocuments(store, UploadReceipt);
  const streams = createDocuments(store, StreamRecord);
  const claims = createDocuments(store, StreamClaim);
  const manifests = createDocuments(store, Manifest);
  const decoded = createDocuments(store, DecodedRecord);
  return {
    readUploads: async (ref) => {
      const receipts = await readAll(store, uploads, keys.uploads(ref));
      return receipts.sort((a, b) => a.sequence - b.sequence);
    },
    readUpload: async (ref, sequence) => uploads.read(keys.uploadReceipt(ref, sequence)),
    createUpload: async (ref, receipt) => uploads.create(keys.uploadReceipt(ref, receipt.sequence), receipt),
    writeUpload: async (ref, receipt) => uploads.write(keys.uploadReceipt(ref, receipt.sequence), receipt),
    readStreams: async (ref) => {
      const records = await readAll(store, streams, keys.streams(ref));
      return records.sort((a, b) => a.epoch - b.epoch);
    },
    writeStream: async (ref, record) => streams.write(keys.stream(ref, record.epoch), record),
    createClaim: async (ref, claim) => claims.create(keys.claim(ref, claim.epoch), claim),
    readClaim: async (ref, epoch) => claims.read(keys.claim(ref, epoch)),
    listClaims: async (ref) => listClaims(store, ref),
    removeClaims: async (ref, epochs) => store.remove(epochs.map((epoch) => keys.claim(ref, epoch))),
    listSegments: async (ref) => listSegments(store, ref),
    readManifest: async (ref) => manifests.read(keys.manifest(ref)),
    createManifest: async (manifest) => manifests.create(keys.manifest(manifest), manifest),
    readDecoded: async (ref) => decoded.read(keys.decoded(ref)),
    createDecoded: async (ref, record) => decoded.create(keys.decoded(ref), record),
  };
}

async function readAll<T>(store: ObjectStore, documents: Documents<T>, prefix: string): Promise<T[]> {
  const names: string[] = [];
  for await (const { key } of store.listAll(prefix)) if (key.endsWith('.json')) names.push(key);
  const found = await mapBounded(names, READS, (key) => documents.read(key));
  return found.filter((document) => document !== null);
}

async function listClaims(store: ObjectStore, ref: SessionRef): Promise<number[]> {
  const epochs: number[] = [];
  for await (const { key } of store.listAll(keys.claims(ref))) {
    const epoch = Number(/\/(\d+)\.json$/.exec(key)?.[1]);
    if (epoch > 0) epochs.push(epoch);
  }
  return epochs.sort((a, b) => a - b);
}

async function listSegments(store: ObjectStore, ref: SessionRef): Promise<StoredSegment[]> {
  const segments: StoredSegment[] = [];
  for await (const { key, bytes } of store.listAll(keys.segments(ref))) {
    const place = parseSegmentKey(key);
    if (place !== null) segments.push({ ...place, key, bytes });
  }
  return segments;
}
