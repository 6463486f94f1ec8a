import {
  type AudioFormat,
  EarshotError,
  type RecordingKind,
  type SessionRef,
  TENANT_ID,
  TrackName,
} from '@earshot/protocol';

/** The place of a segment, as its key tells it; `firstSample` is a position on the track. */
export interface SegmentPlace {
  readonly track: TrackName;
  readonly index: number;
  readonly firstSample: number;
}

/** One answer of an engine: which segment, and the attempt counted from 1. */
export interface ResultPlace {
  readonly track: TrackName;
  readonly index: number;
  readonly attempt: number;
}

/** Of everything that belongs to no session; no tenant can have this name. */
const SYSTEM = '_earshot';
const SESSION_SEGMENT = /^[A-Za-z0-9_-]{1,64}$/;
const PLAIN_NAME = /^[A-Za-z0-9_-]{1,100}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Builds every object key; an id that could leave its folder is refused as unknown, or as a RangeError when no caller sent it. */
export const keys = {
  session: (ref: SessionRef): string => `${root(ref)}session.json`,
  manifest: (ref: SessionRef): string => `${root(ref)}manifest.json`,
  decoded: (ref: SessionRef): string => `${root(ref)}decoded.json`,
  transcript: (ref: SessionRef): string => `${root(ref)}transcript.json`,
  expired: (ref: SessionRef): string => `${root(ref)}expired.json`,
  erased: (ref: SessionRef): string => `${root(ref)}erased.json`,
  audioRemoved: (ref: SessionRef): string => `${root(ref)}audio-removed.json`,
  upload: (ref: SessionRef, sequence: number, format: AudioFormat): string =>
    `${root(ref)}uploads/${count(sequence)}.${format}`,
  /** Where a file goes whose usual key already holds other bytes; the receipt names it. */
  uploadVariant: (
    ref: SessionRef,
    upload: { sequence: number; format: AudioFormat },
    sha256: string,
  ): string => `${root(ref)}uploads/${count(upload.sequence)}-${hash(sha256).slice(0, 16)}.${upload.format}`,
  uploadReceipt: (ref: SessionRef, sequence: number): string => `${root(ref)}uploads/${count(sequence)}.json`,
  segment: (ref: SessionRef, place: SegmentPlace): string =>
    `${root(ref)}segments/${place.track}/${padded(place.index, 6)}-${padded(place.firstSample, 12)}.wav`,
  stream: (ref: SessionRef, epoch: number): string => `${root(ref)}streams/${count(epoch)}.json`,
  claim: (ref: SessionRef, epoch: number): string => `${keys.claims(ref)}${count(epoch)}.json`,
  result: (ref: SessionRef, place: ResultPlace): string =>
    `${keys.segmentResults(ref, place)}${count(place.attempt)}.json`,
  apiKey: (sha256: string): string => `${SYSTEM}/keys/${hash(sha256)}.json`,
  streamPointer: (sha256: string): string => `${SYSTEM}/streams/${hash(sha256)}.json`,
  webhook: (tenant: string, webhookId: string): string => {
    if (!PLAIN_NAME.test(webhookId)) throw new EarshotError('webhook_not_found');
    return `${keys.webhooks(tenant)}${webhookId}.json`;
  },
  pending: (ref: SessionRef): string => `${SYSTEM}/pending/${root(ref).slice(0, -1)}.json`,
  tenantPolicy: (tenant: string): string => `${SYSTEM}/tenants/${tenantRoot(tenant).slice(0, -1)}.json`,
  retentionMark: (): string => `${SYSTEM}/retention.json`,
  probe: (name: string): string => {
    if (!PLAIN_NAME.test(name)) throw new RangeError('this name cannot be part of a key');
    return `${keys.probes()}${name}`;
  },

  /** Prefixes, each ending in a slash. */
  sessionRoot: (ref: SessionRef): string => root(ref),
  tenantRoot: (tenant: string): string => tenantRoot(tenant),
  uploads: (ref: SessionRef): string => `${root(ref)}uploads/`,
  segments: (ref: SessionRef): string => `${root(ref)}segments/`,
  streams: (ref: SessionRef): string => `${root(ref)}streams/`,
  claims: (ref: SessionRef): string => `${root(ref)}claims/`,
  results: (ref: SessionRef): string => `${root(ref)}results/`,
  segmentResults: (ref: SessionRef, segment: Omit<ResultPlace, 'attempt'>): string =>
    `${root(ref)}results/${segment.track}-${padded(segment.index, 6)}/`,
  webhooks: (tenant: string): string => `${SYSTEM}/webhooks/${tenantRoot(tenant)}`,
  probes: (): string => `${SYSTEM}/probe/`,
  apiKeys: (): string => `${SYSTEM}/keys/`,
  pendingMarkers: (): string => `${SYSTEM}/pending/`,
} as const;

/** Keys of lines, calls and what belongs to them. Recordings lie in the folder of the session that holds the call's audio. */
export const callKeys = {
  line: (tenant: string, lineId: string): string => `${callKeys.lines(tenant)}${plain(lineId)}.json`,
  call: (tenant: string, callId: string): string => `${callKeys.folder(tenant, callId)}call.json`,
  ended: (tenant: string, callId: string): string => `${callKeys.folder(tenant, callId)}ended.json`,
  pointer: (tenant: string, sha256: string): string =>
    `${SYSTEM}/call-pointers/${tenantRoot(tenant)}${hash(sha256)}.json`,
  live: (tenant: string, callId: string): string =>
    `${callKeys.liveCalls()}${tenantRoot(tenant)}${plain(callId)}.json`,
  asset: (tenant: string, assetId: string): string => `${callKeys.assets(tenant)}${plain(assetId)}.json`,
  assetAudio: (tenant: string, assetId: string): string => `${callKeys.assets(tenant)}${plain(assetId)}.pcm`,
  recording: (ref: SessionRef, kind: RecordingKind): string => `${callKeys.recordings(ref)}${kind}.wav`,
  sidecar: (ref: SessionRef): string => `${callKeys.recordings(ref)}recording.json`,
  /** What was done at a time, to the millisecond; entries of a tenant sort by it. */
  audit: (tenant: string, at: Date, auditId: string): string =>
    `${callKeys.audits(tenant)}${at.toISOString().replace(/[-:.]/g, '')}-${plain(auditId)}.json`,
  recordingsRemoved: (ref: SessionRef): string => `${callKeys.recordings(ref)}removed.json`,

  /** Prefixes, each ending in a slash. */
  lines: (tenant: string): string => `${SYSTEM}/lines/${tenantRoot(tenant)}`,
  allLines: (): string => `${SYSTEM}/lines/`,
  calls: (tenant: string): string => `${SYSTEM}/calls/${tenantRoot(tenant)}`,
  allCalls: (): string => `${SYSTEM}/calls/`,
  folder: (tenant: string, callId: string): string => `${callKeys.calls(tenant)}${plain(callId)}/`,
  liveCalls: (): string => `${SYSTEM}/live-calls/`,
  assets: (tenant: string): string => `${SYSTEM}/assets/${tenantRoot(tenant)}`,
  audits: (tenant: string): string => `${SYSTEM}/audit/${tenantRoot(tenant)}`,
  recordings: (ref: SessionRef): string => `${root(ref)}recording/`,
} as const;

/** Tenant and call of a live call's marker; null when it is none. */
export function parseLiveCallKey(key: string): { tenant: string; callId: string } | null {
  const [, tenant, callId] = /^_earshot\/live-calls\/([^/]+)\/([^/]+)\.json$/.exec(key) ?? [];
  return tenant === undefined || callId === undefined ? null : { tenant, callId };
}

/** Tenant and call of a call's record; null when it is none. */
export function parseCallKey(key: string): { tenant: string; callId: string } | null {
  const [, tenant, callId] = /^_earshot\/calls\/([^/]+)\/([^/]+)\/call\.json$/.exec(key) ?? [];
  return tenant === undefined || callId === undefined ? null : { tenant, callId };
}

/** What a segment's key says; null when it is no segment's key. */
export function parseSegmentKey(key: string): SegmentPlace | null {
  const match = /\/segments\/([a-z]+)\/(\d{6,})-(\d{12,})\.wav$/.exec(key);
  const track = TrackName.safeParse(match?.[1]);
  if (match === null || !track.success) return null;
  return { track: track.data, index: Number(match[2]), firstSample: Number(match[3]) };
}

/** What a result's key says; null when it is no result's key. */
export function parseResultKey(key: string): ResultPlace | null {
  const match = /\/results\/([a-z]+)-(\d{6,})\/(\d+)\.json$/.exec(key);
  const track = TrackName.safeParse(match?.[1]);
  if (match === null || !track.success) return null;
  return { track: track.data, index: Number(match[2]), attempt: Number(match[3]) };
}

/** The session of a pending marker's key; null when it is none. */
export function parsePendingKey(key: string): SessionRef | null {
  const [, tenant, sessionId] = /^_earshot\/pending\/([^/]+)\/([^/]+)\.json$/.exec(key) ?? [];
  return tenant === undefined || sessionId === undefined ? null : { tenant, sessionId };
}

/** The hash in an API key's object key; null when it is none. */
export function parseKeyHash(key: string): string | null {
  return /^_earshot\/keys\/([0-9a-f]{64})\.json$/.exec(key)?.[1] ?? null;
}

function root(ref: SessionRef): string {
  if (!SESSION_SEGMENT.test(ref.sessionId)) throw new EarshotError('session_not_found');
  return `${tenantRoot(ref.tenant)}${ref.sessionId}/`;
}

function tenantRoot(tenant: string): string {
  if (!TENANT_ID.test(tenant)) throw new RangeError('this is not a tenant id');
  return `${tenant}/`;
}

function plain(name: string): string {
  if (!PLAIN_NAME.test(name)) throw new RangeError('this name cannot be part of a key');
  return name;
}

function padded(value: number, digits: number): string {
  return count(value).padStart(digits, '0');
}

function count(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('a key counts in whole numbers from 0');
  return String(value);
}

function hash(sha256: string): string {
  if (!SHA256.test(sha256)) throw new RangeError('this is not a hex SHA-256');
  return sha256;
}
