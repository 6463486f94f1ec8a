import {
  EarshotError,
  ExpiredRecord,
  PendingMarker,
  SessionDocument,
  type SessionRef,
  TENANT_ID,
} from '@earshot/protocol';
import { keys, parsePendingKey } from '../keys.ts';
import { listPrefixes } from '../port/object-listing.ts';
import type { ObjectInfo, ObjectStore, WriteOutcome } from '../port/object-store.ts';
import { createDocuments, type Documents } from './document.ts';

/** Which sessions there are, and what became of them apart from their audio. */
export interface StoredSessions {
  readSession(ref: SessionRef): Promise<SessionDocument | null>;
  createSession(document: SessionDocument): Promise<WriteOutcome>;
  writeSession(document: SessionDocument): Promise<void>;
  readExpired(ref: SessionRef): Promise<ExpiredRecord | null>;
  createExpired(ref: SessionRef, record: ExpiredRecord): Promise<WriteOutcome>;
  /** A damaged marker is given with the time when it was written. */
  readPending(ref: SessionRef): Promise<PendingMarker | null>;
  createPending(marker: PendingMarker): Promise<WriteOutcome>;
  writePending(marker: PendingMarker): Promise<void>;
  removePending(ref: SessionRef): Promise<void>;
  /** Sessions that ended and are not finished. A damaged marker is given with the time when it was written. */
  listPending(): AsyncIterable<PendingMarker>;
  /** The sessions of all pending markers, told by the keys alone. */
  listPendingRefs(): AsyncIterable<SessionRef>;
  /** Session ids of a tenant, in no meaningful order. */
  listSessions(tenant: string): AsyncIterable<string>;
  listTenants(): Promise<string[]>;
}

export function createStoredSessions(store: ObjectStore): StoredSessions {
  const sessions = createDocuments(store, SessionDocument);
  const expired = createDocuments(store, ExpiredRecord);
  const pending = createDocuments(store, PendingMarker);
  return {
    readSession: async (ref) => sessions.read(keys.session(ref)),
    createSession: async (document) => sessions.create(keys.session(document), document),
    writeSession: async (document) => sessions.write(keys.session(document), document),
    readExpired: async (ref) => expired.read(keys.expired(ref)),
    createExpired: async (ref, record) => expired.create(keys.expired(ref), record),
    readPending: async (ref) => readPending(store, pending, ref),
    createPending: async (marker) => pending.create(keys.pending(marker), marker),
    writePending: async (marker) => pending.write(keys.pending(marker), marker),
    removePending: async (ref) => store.remove([keys.pending(ref)]),
    listPending: () => listPending(store, pending),
    listPendingRefs: () => listPendingRefs(store),
    listSessions: (tenant) => listSessions(store, tenant),
    listTenants: () => listTenants(store),
  };
}

async function readPending(
  store: ObjectStore,
  pending: Documents<PendingMarker>,
  ref: SessionRef,
): Promise<PendingMarker | null> {
  const key = keys.pending(ref);
  try {
    return await pending.read(key);
  } catch (error) {
    const info = await store.head(key);
    return info === null ? null : markerFrom(ref, info, error);
  }
}

async function* listPendingRefs(store: ObjectStore): AsyncGenerator<SessionRef> {
  for await (const { key } of store.listAll(keys.pendingMarkers())) {
    const ref = parsePendingKey(key);
    if (ref !== null) yield ref;
  }
}

async function* listPending(
  store: ObjectStore,
  pending: Documents<PendingMarker>,
): AsyncGenerator<PendingMarker> {
  for await (const info of store.listAll(keys.pendingMarkers())) {
    const ref = parsePendingKey(info.key);
    if (ref === null) continue;
    // A marker that nobody can read must not hide the session, nor those behind it.
    const marker = await pending.read(info.key).catch((error: unknown) => markerFrom(ref, info, error));
    if (marker !== null) yield marker;
  }
}

function markerFrom(ref: SessionRef, info: ObjectInfo, error: unknown): PendingMarker {
  if (!(error instanceof EarshotError) || error.code !== 'internal_error') throw error;
  return { v: 1, ...ref, since: info.modifiedAt.toISOString() };
}

async function* listSessions(store: ObjectStore, tenant: string): AsyncGenerator<string> {
  const root = keys.tenantRoot(tenant);
  for await (const prefix of listPrefixes(store, root)) yield prefix.slice(root.length, -1);
}

async function listTenants(store: ObjectStore): Promise<string[]> {
  const tenants: string[] = [];
  for await (const prefix of listPrefixes(store, '')) {
    const name = prefix.slice(0, -1);
    if (TENANT_ID.test(name)) tenants.push(name);
  }
  return tenants;
}
