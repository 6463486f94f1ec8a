import {
  AudioRemovedRecord,
  ErasedRecord,
  RetentionMark,
  type SessionRef,
  TenantPolicy,
} from '@earshot/protocol';
import { keys } from '../keys.ts';
import type { ObjectStore, WriteOutcome } from '../port/object-store.ts';
import { createDocuments } from './document.ts';

/** Objects that were removed, and their bytes. */
export interface RemovedAmount {
  readonly objects: number;
  readonly bytes: number;
}

/** How long sessions are kept, and what is left of those that are not. */
export interface StoredRetention {
  readErased(ref: SessionRef): Promise<ErasedRecord | null>;
  createErased(ref: SessionRef, record: ErasedRecord): Promise<WriteOutcome>;
  writeErased(ref: SessionRef, record: ErasedRecord): Promise<void>;
  /** Removes everything of a session but `erased.json`; pointers and markers elsewhere are the caller's. */
  eraseSession(ref: SessionRef): Promise<RemovedAmount>;
  /** What `removeAudio` would remove. */
  measureAudio(ref: SessionRef): Promise<RemovedAmount>;
  /** Removes the sound of a session: segments and uploaded files. Receipts and records stay. */
  removeAudio(ref: SessionRef): Promise<RemovedAmount>;
  readAudioRemoved(ref: SessionRef): Promise<AudioRemovedRecord | null>;
  createAudioRemoved(ref: SessionRef, record: AudioRemovedRecord): Promise<WriteOutcome>;
  readPolicy(tenant: string): Promise<TenantPolicy | null>;
  writePolicy(tenant: string, policy: TenantPolicy): Promise<void>;
  readRetentionMark(): Promise<RetentionMark | null>;
  writeRetentionMark(mark: RetentionMark): Promise<void>;
}

const BATCH = 1000;

export function createStoredRetention(store: ObjectStore): StoredRetention {
  const erased = createDocuments(store, ErasedRecord);
  const audioRemoved = createDocuments(store, AudioRemovedRecord);
  const policies = createDocuments(store, TenantPolicy);
  const marks = createDocuments(store, RetentionMark);
  return {
    readErased: async (ref) => erased.read(keys.erased(ref)),
    createErased: async (ref, record) => erased.create(keys.erased(ref), record),
    writeErased: async (ref, record) => erased.write(keys.erased(ref), record),
    eraseSession: async (ref) => {
      const kept = keys.erased(ref);
      return removeBelow(store, keys.sessionRoot(ref), (key) => key !== kept);
    },
    measureAudio: async (ref) => {
      let [objects, bytes] = [0, 0];
      for (const prefix of [keys.segments(ref), keys.uploads(ref)]) {
        for await (const info of store.listAll(prefix)) {
          if (!isSound(info.key)) continue;
          objects += 1;
          bytes += info.bytes;
        }
      }
      return { objects, bytes };
    },
    removeAudio: async (ref) => {
      const segments = await removeBelow(store, keys.segments(ref), isSound);
      const uploads = await removeBelow(store, keys.uploads(ref), isSound);
      return { objects: segments.objects + uploads.objects, bytes: segments.bytes + uploads.bytes };
    },
    readAudioRemoved: async (ref) => audioRemoved.read(keys.audioRemoved(ref)),
    createAudioRemoved: async (ref, record) => audioRemoved.create(keys.audioRemoved(ref), record),
    readPolicy: async (tenant) => policies.read(keys.tenantPolicy(tenant)),
    writePolicy: async (tenant, policy) => policies.write(keys.tenantPolicy(tenant), policy),
    readRetentionMark: async () => marks.read(keys.retentionMark()),
    writeRetentionMark: async (mark) => marks.write(keys.retentionMark(), mark),
  };
}

/** Receipts lie beside the files that they are about. */
const isSound = (key: string): boolean => !key.endsWith('.json');

async function removeBelow(
  store: ObjectStore,
  prefix: string,
  chosen: (key: string) => boolean,
): Promise<RemovedAmount> {
  let [objects, bytes] = [0, 0];
  let batch: string[] = [];
  for await (const info of store.listAll(prefix)) {
    if (!chosen(info.key)) continue;
    batch.push(info.key);
    objects += 1;
    bytes += info.bytes;
    if (batch.length < BATCH) continue;
    await store.remove(batch);
    batch = [];
  }
  if (batch.length > 0) await store.remove(batch);
  return { objects, bytes };
}
