import {
  AssetRecord,
  CallEndedRecord,
  CallPointer,
  CallRecord,
  LineRecord,
  LiveCallMarker,
  RecordingSidecar,
  RecordingsRemoved,
  type SessionRef,
} from '@earshot/protocol';
import { callKeys, parseCallKey, parseLiveCallKey } from '../keys.ts';
import type { ObjectStore, WriteOutcome } from '../port/object-store.ts';
import { createDocuments, type Documents } from './document.ts';

/** A call by name. */
export interface CallPlace {
  readonly tenant: string;
  readonly callId: string;
}

/** Every stored document of lines and calls by its type; missing ones are null, `create…` never overwrites. */
export interface CallArchive {
  createLine(record: LineRecord): Promise<WriteOutcome>;
  readLine(tenant: string, lineId: string): Promise<LineRecord | null>;
  writeLine(record: LineRecord): Promise<void>;
  listLines(tenant: string): Promise<LineRecord[]>;
  /** Lines of every tenant. */
  listAllLines(): Promise<LineRecord[]>;
  removeLine(tenant: string, lineId: string): Promise<void>;

  createCall(record: CallRecord): Promise<WriteOutcome>;
  readCall(tenant: string, callId: string): Promise<CallRecord | null>;
  /** Every call of every tenant, in no particular order. */
  listCalls(): AsyncIterable<CallPlace>;
  endCall(tenant: string, record: CallEndedRecord): Promise<WriteOutcome>;
  readEnded(tenant: string, callId: string): Promise<CallEndedRecord | null>;
  createPointer(tenant: string, sha256: string, pointer: CallPointer): Promise<WriteOutcome>;
  readPointer(tenant: string, sha256: string): Promise<CallPointer | null>;
  markLive(place: CallPlace, marker: LiveCallMarker): Promise<void>;
  readLive(place: CallPlace): Promise<LiveCallMarker | null>;
  unmarkLive(place: CallPlace): Promise<void>;
  /** Calls that have not ended, as far as anybody knows. */
  listLive(): AsyncIterable<CallPlace>;

  createAsset(record: AssetRecord): Promise<WriteOutcome>;
  readAsset(tenant: string, assetId: string): Promise<AssetRecord | null>;
  listAssets(tenant: string): Promise<AssetRecord[]>;
  /** Record and audio. */
  removeAsset(tenant: string, assetId: string): Promise<void>;

  createSidecar(ref: SessionRef, sidecar: RecordingSidecar): Promise<WriteOutcome>;
  readSidecar(ref: SessionRef): Promise<RecordingSidecar | null>;
  createRecordingsRemoved(ref: SessionRef, record: RecordingsRemoved): Promise<WriteOutcome>;
  readRecordingsRemoved(ref: SessionRef): Promise<RecordingsRemoved | null>;
}

export function createCallArchive(store: ObjectStore): CallArchive {
  return { ...lines(store), ...calls(store), ...assets(store), ...recordings(store) };
}

function lines(store: ObjectStore) {
  const documents = createDocuments(store, LineRecord);
  return {
    createLine: (record: LineRecord) => documents.create(callKeys.line(record.tenant, record.lineId), record),
    readLine: (tenant: string, lineId: string) => documents.read(callKeys.line(tenant, lineId)),
    writeLine: (record: LineRecord) => documents.write(callKeys.line(record.tenant, record.lineId), record),
    listLines: (tenant: string) => readAll(store, documents, callKeys.lines(tenant)),
    listAllLines: () => readAll(store, documents, callKeys.allLines()),
    removeLine: (tenant: string, lineId: string) => store.remove([callKeys.line(tenant, lineId)]),
  };
}

function calls(store: ObjectStore) {
  const records = createDocuments(store, CallRecord);
  const ends = createDocuments(store, CallEndedRecord);
  const pointers = createDocuments(store, CallPointer);
  const markers = createDocuments(store, LiveCallMarker);
  return {
    createCall: (record: CallRecord) => records.create(callKeys.call(record.tenant, record.callId), record),
    readCall: (tenant: string, callId: string) => records.read(callKeys.call(tenant, callId)),
    listCalls: () => places(store, callKeys.allCalls(), parseCallKey),
    endCall: (tenant: string, record: CallEndedRecord) =>
      ends.create(callKeys.ended(tenant, record.callId), record),
    readEnded: (tenant: string, callId: string) => ends.read(callKeys.ended(tenant, callId)),
    createPointer: (tenant: string, sha256: string, pointer: CallPointer) =>
      pointers.create(callKeys.pointer(tenant, sha256), pointer),
    readPointer: (tenant: string, sha256: string) => pointers.read(callKeys.pointer(tenant, sha256)),
    markLive: ({ tenant, callId }: CallPlace, marker: LiveCallMarker) =>
      markers.write(callKeys.live(tenant, callId), marker),
    readLive: ({ tenant, callId }: CallPlace) => markers.read(callKeys.live(tenant, callId)),
    unmarkLive: ({ tenant, callId }: CallPlace) => store.remove([callKeys.live(tenant, callId)]),
    listLive: () => places(store, callKeys.liveCalls(), parseLiveCallKey),
  };
}

function assets(store: ObjectStore) {
  const documents = createDocuments(store, AssetRecord);
  return {
    createAsset: (record: AssetRecord) =>
      documents.create(callKeys.asset(record.tenant, record.assetId), record),
    readAsset: (tenant: string, assetId: string) => documents.read(callKeys.asset(tenant, assetId)),
    listAssets: (tenant: string) => readAll(store, documents, callKeys.assets(tenant)),
    removeAsset: (tenant: string, assetId: string) =>
      store.remove([callKeys.asset(tenant, assetId), callKeys.assetAudio(tenant, assetId)]),
  };
}

function recordings(store: ObjectStore) {
  const sidecars = createDocuments(store, RecordingSidecar);
  const removals = createDocuments(store, RecordingsRemoved);
  return {
    createSidecar: (ref: SessionRef, sidecar: RecordingSidecar) =>
      sidecars.create(callKeys.sidecar(ref), sidecar),
    readSidecar: (ref: SessionRef) => sidecars.read(callKeys.sidecar(ref)),
    createRecordingsRemoved: (ref: SessionRef, record: RecordingsRemoved) =>
      removals.create(callKeys.recordingsRemoved(ref), record),
    readRecordingsRemoved: (ref: SessionRef) => removals.read(callKeys.recordingsRemoved(ref)),
  };
}

async function readAll<T>(store: ObjectStore, documents: Documents<T>, prefix: string): Promise<T[]> {
  const found: T[] = [];
  for await (const { key } of store.listAll(prefix)) {
    const record = key.endsWith('.json') ? await documents.read(key) : null;
    if (record !== null) found.push(record);
  }
  return found;
}

async function* places(
  store: ObjectStore,
  prefix: string,
  parse: (key: string) => CallPlace | null,
): AsyncGenerator<CallPlace> {
  for await (const { key } of store.listAll(prefix)) {
    const place = parse(key);
    if (place !== null) yield place;
  }
}
