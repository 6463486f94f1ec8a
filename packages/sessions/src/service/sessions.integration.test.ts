import { randomBytes } from 'node:crypto';
import { encodeWav } from '@earshot/audio';
import {
  CreateSessionRequest,
  type SegmentEntry,
  type SessionRef,
  type StreamRecord,
  type UploadReceipt,
} from '@earshot/protocol';
import {
  createFolderStore,
  createSessionArchive,
  keys,
  type ObjectStore,
  type SessionArchive,
} from '@earshot/storage';
import {
  computedAudio,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
} from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { coverageOf } from '../core/coverage.ts';
import type { SessionIndex, WorkQueue } from '../ports.ts';
import { createRedisIndex } from '../redis/redis-index.ts';
import type { SessionsContext } from './context.ts';
import { createSessions, type Sessions } from './sessions.ts';
import type { ClaimedStream } from './streams.ts';

let server: TestRedis;
let redis: Redis;
let folder: TemporaryFolder;
let store: ObjectStore;
let archive: SessionArchive;
let index: SessionIndex;
let sessions: Sessions;
let nowMs: number;
let queued: string[];

const creator = { tenant: 'clinic', subject: 'key_1', test: false };
const note = (line: string): Promise<void> => {
  queued.push(line);
  return Promise.resolve();
};
const queue: WorkQueue = {
  decodeUploads: (ref) => note(`decode ${ref.sessionId}`),
  transcribe: (document, segments) => note(`transcribe ${document.sessionId} ${segments.length}`),
  renderRecording: (ref) => note(`render ${ref.sessionId}`),
  announce: (ref, event) => note(`${event} ${ref.sessionId}`),
  removeWork: (_ref, segments) => Promise.resolve(segments.length),
};

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  archive = createSessionArchive(store);
  index = createRedisIndex(redis, { node: 'a' });
  const context: SessionsContext = {
    truth: archive,
    index,
    queue,
    readObject: (key) => store.get(key),
    now: () => new Date(nowMs),
    elapsedMs: () => performance.now(),
    randomBytes,
    warn: () => undefined,
    settings: { ttlSeconds: 3600, endTailWaitMs: 400, leaseMs: 5000, onDifferentUpload: 'refuse' },
  };
  sessions = createSessions(context);
});

afterAll(async () => {
  await index.close();
  redis.disconnect();
  await server.stop();
  await store.close();
  await folder.remove();
});

beforeEach(async () => {
  await redis.flushall();
  nowMs = Date.now();
  queued = [];
});

async function create(input: Record<string, unknown> = {}, idempotencyKey?: string): Promise<SessionRef> {
  const request = CreateSessionRequest.parse({ upload_type: 'chunked', ...input });
  const document = await sessions.create(creator, { request, idempotencyKey });
  return { tenant: document.tenant, sessionId: document.sessionId };
}

const receiptOf = (ref: SessionRef, sequence: number, sha256 = 'a'.repeat(64)): UploadReceipt => ({
  sequence,
  key: keys.upload(ref, sequence, 'wav'),
  name: `${sequence}.wav`,
  originalFilename: `audio_${sequence}.wav`,
  format: 'wav',
  contentType: 'audio/wav',
  bytes: 44,
  sha256,
  receivedAt: new Date(nowMs).toISOString(),
});

async function storeSegment(ref: SessionRef, position: number, samples = 8000): Promise<SegmentEntry> {
  const firstSample = position * samples;
  const key = keys.segment(ref, { track: 'main', index: position, firstSample });
  await store.put(key, encodeWav(computedAudio(1, firstSample, samples), 16_000));
  return {
    track: 'main',
    index: position,
    key,
    sampleRate: 16_000,
    firstSample,
    samples,
    sha256: 'b'.repeat(64),
    cut: 'pause',
    speechRatio: 0.5,
    levelDb: -20,
    speech: true,
  };
}

const recordOf = (epoch: number, segments: SegmentEntry[], startedAt = new Date(nowMs)): StreamRecord => ({
  v: 1,
  epoch,
  transport: 'websocket',
  dialect: 'raw',
  encoding: 'pcm16',
  bigEndian: false,
  callId: null,
  providerStreamId: null,
  startedAt: startedAt.toISOString(),
  endedAt: startedAt.toISOString(),
  closedBy: 'stop',
  frames: 1,
  malformedFrames: 0,
  duplicateFrames: 0,
  reorderedFrames: 0,
  oddBytes: 0,
  segments,
  gaps: [],
  coverage: coverageOf(segments, []),
  warnings: [],
});

describe('creating a session', () => {
  it('replays the same client id with the same content and refuses other content', async () => {
    const first = await create({ session_id: 'ses_client_supplied1' });
    expect(await create({ session_id: 'ses_client_supplied1' })).toEqual(first);
    await expect(create({ session_id: 'ses_client_supplied1', model: 'pro' })).rejects.toMatchObject({
      code: 'session_conflict',
    });
  });

  it('gives one session for one Idempotency-Key, also from parallel calls and after the index was emptied', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => create({}, 'once')));
    await redis.flushall();
    const again = await create({}, 'once');
    expect(new Set([...all, again].map((ref) => ref.sessionId)).size).toBe(1);
    await expect(create({ upload_type: 'single' }, 'once')).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  it('refuses a transport that does not fit the upload type', async () => {
    await expect(create({ upload_type: 'stream', communication_protocol: 'http' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(create({ communication_protocol: 'rpc' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('answers a foreign id like one that never was', async () => {
    const { sessionId } = await create();
    const foreign = sessions.load({ tenant: 'rival', sessionId });
    await expect(foreign).rejects.toMatchObject({
      code: 'session_not_found',
      details: { session_id: sessionId },
    });
  });
});

describe('ending a session', () => {
  it('writes the manifest, queues the work once and gives the same answer to a hundred callers', async () => {
    const ref = await create();
    await sessions.commitUpload(ref, receiptOf(ref, 0));
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => sessions.end(ref, { audio_files_sent: 1 })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.audio_files).toEqual(['0.wav']);
    expect(queued.filter((line) => line.startsWith('session.ended'))).toHaveLength(1);
    expect((await archive.readManifest(ref))?.uploads).toHaveLength(1);
  });

  it('keeps every upload when the index was emptied before', async () => {
    const ref = await create();
    for (const sequence of [0, 1, 2]) await sessions.commitUpload(ref, receiptOf(ref, sequence));
    await redis.flushall();
    expect((await sessions.end(ref, {})).audio_files).toEqual(['0.wav', '1.wav', '2.wav']);
    expect(queued).toContain(`decode ${ref.sessionId}`);
  });

  it('refuses audio that comes after it', async () => {
    const ref = await create();
    await sessions.end(ref, {});
    await expect(sessions.admitUpload(ref)).rejects.toMatchObject({ code: 'session_ended' });
  });

  it('waits for the tail of a live stream and counts it', async () => {
    const ref = await create({ upload_type: 'stream' });
    const opened = await claim(ref, 'a');
    index.onStreamNotice((notice) => {
      if (notice.reason !== 'end' || notice.ref.sessionId !== ref.sessionId) return;
      void storeSegment(ref, 0).then((entry) => sessions.closeStream(ref, recordOf(opened.epoch, [entry])));
    });
    expect(await sessions.end(ref, { audio_files_sent: 0 })).toMatchObject({ audio_files: ['0.wav'] });
    expect((await archive.readManifest(ref))?.issues).toEqual([]);
  });

  it('is still possible for a session whose End broke off, by the expiry timer', async () => {
    const ref = await create();
    await sessions.commitUpload(ref, receiptOf(ref, 0));
    await index.apply(ref, { type: 'ending' });
    nowMs += 3_601_000;
    await sessions.sweepExpired();
    expect((await sessions.load(ref)).status).toBe('processing');
  });
});

/** Claims a session for a node that has seen nothing of it, and waits for nobody. */
function claim(ref: SessionRef, node: string): Promise<ClaimedStream> {
  return sessions.claimStream(ref, { node, above: 0, patienceMs: 0, resuming: false });
}

describe('streams', () => {
  it('continue where the one before stopped', async () => {
    const ref = await create({ upload_type: 'stream' });
    const first = await claim(ref, 'a');
    await sessions.closeStream(ref, recordOf(first.epoch, [await storeSegment(ref, 0)]));
    expect(await claim(ref, 'a')).toMatchObject({ epoch: 2 });
    expect((await sessions.standing(ref)).tracks).toEqual([
      { track: 'main', sampleRate: 16_000, nextSample: 8000, nextIndex: 1 },
    ]);
  });

  it('are found by their capability, and not by another', async () => {
    const ref = await create({ upload_type: 'stream' });
    const { document } = await sessions.load(ref);
    expect(await sessions.findStream(document.streamId ?? '')).toEqual(ref);
    await expect(sessions.findStream('str_00000000000000000000000000')).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('are found again while the store is away, and take nothing once their session is erased', async () => {
    const ref = await create({ upload_type: 'stream' });
    const { document } = await sessions.load(ref);
    const streamId = document.streamId ?? '';
    expect(await sessions.findStream(streamId)).toEqual(ref);
    await sessions.erase(ref);
    expect(await sessions.findStream(streamId)).toEqual(ref);
    await expect(claim(ref, 'a')).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('keep a session open past its expiry while they are live, and for a life after', async () => {
    const ref = await create({ upload_type: 'stream' });
    const opened = await claim(ref, 'a');
    nowMs += 3_601_000;
    await sessions.sweepExpired();
    expect((await sessions.load(ref)).status).toBe('recording');
    await sessions.closeStream(ref, recordOf(opened.epoch, []));
    expect(Date.parse((await sessions.load(ref)).document.expiresAt)).toBe(nowMs + 3_600_000);
  });

  it('never have an epoch twice, also after the index was emptied', async () => {
    const ref = await create({ upload_type: 'stream' });
    const first = await claim(ref, 'a');
    await redis.flushall();
    const second = await claim(ref, 'b');
    expect(second.epoch).toBe(first.epoch + 1);
    await sessions.closeStream(
      ref,
      recordOf(first.epoch, [await storeSegment(ref, 0)], new Date(nowMs - 5000)),
    );
    await sessions.closeStream(ref, recordOf(second.epoch, [await storeSegment(ref, 1)]));
    expect((await archive.readStreams(ref)).flatMap((record) => record.segments)).toHaveLength(2);
  });
});

describe('expiry', () => {
  it('waits for a session that still sends files', async () => {
    const ref = await create();
    nowMs += 3_000_000;
    await sessions.commitUpload(ref, receiptOf(ref, 0));
    nowMs += 3_000_000;
    await sessions.sweepExpired();
    expect((await sessions.load(ref)).status).toBe('recording');
    nowMs += 601_000;
    await sessions.sweepExpired();
    expect((await sessions.load(ref)).status).toBe('expired');
  });

  it('happens on access and by timer, tells webhooks once, and closes the session for audio and End', async () => {
    const ref = await create();
    nowMs += 3_600_000;
    const [one, two] = await Promise.all([sessions.snapshot(ref), sessions.snapshot(ref)]);
    await sessions.sweepExpired();
    expect([one.row.status, two.row.status]).toEqual(['expired', 'expired']);
    expect(queued.filter((line) => line.startsWith('session.expired'))).toHaveLength(1);
    await expect(sessions.admitUpload(ref)).rejects.toMatchObject({ code: 'session_expired' });
    await expect(sessions.end(ref, {})).rejects.toMatchObject({ code: 'session_expired' });
    await redis.flushall();
    expect((await sessions.snapshot(ref)).row.status).toBe('expired');
  });
});

describe('changing and erasing', () => {
  it('merges additional data and locks what steers processing after End', async () => {
    const ref = await create({ additional_data: { a: 1 } });
    await sessions.patch(ref, { additional_data: { b: 2 }, user_status: 'init' });
    await sessions.end(ref, {});
    await sessions.patch(ref, { additional_data: { c: 3 } });
    await expect(sessions.patch(ref, { model: 'pro' })).rejects.toMatchObject({ code: 'session_locked' });
    await redis.flushall();
    const { document } = await sessions.load(ref);
    expect(document.request.additional_data).toEqual({ a: 1, b: 2, c: 3 });
    expect(document.userStatus).toBe('init');
  });

  it('erases every object but a tombstone, and refuses late writers', async () => {
    const ref = await create({ upload_type: 'stream' });
    const opened = await claim(ref, 'a');
    const { document } = await sessions.load(ref);
    await storeSegment(ref, 0);
    const receipt = await sessions.erase(ref);
    expect(receipt).toMatchObject({
      session_id: ref.sessionId,
      removed: { objects: 3, index: true, jobs: 1 },
      journal: 'notified',
    });
    expect(receipt.removed.bytes).toBeGreaterThan(16_000);
    await sessions.closeStream(ref, recordOf(opened.epoch, [await storeSegment(ref, 1)]));
    const left: string[] = [];
    for await (const { key } of store.listAll(keys.sessionRoot(ref))) left.push(key);
    expect(left).toEqual([keys.erased(ref)]);
    await expect(sessions.load(ref)).rejects.toMatchObject({ code: 'session_not_found' });
    // What a node had under way when it died takes effect late; whoever asks again has it taken away.
    await archive.writeStream(ref, recordOf(opened.epoch, []));
    const again = await sessions.erase(ref);
    expect(await archive.readStreams(ref)).toEqual([]);
    expect(again).toEqual(receipt);
    expect(again.erased_at).toBe(new Date(nowMs).toISOString());
    await expect(sessions.findStream(document.streamId ?? '')).rejects.toMatchObject({
      code: 'session_not_found',
    });
    await expect(sessions.end(ref, {})).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('never gives the id of an erased session out again', async () => {
    await sessions.erase(await create({}, 'erased since'));
    await expect(create({}, 'erased since')).rejects.toMatchObject({ code: 'idempotency_conflict' });
    const chosen = { session_id: 'ses_erased_by_its_owner' };
    await sessions.erase(await create(chosen));
    await expect(create(chosen)).rejects.toMatchObject({ code: 'session_conflict' });
  });
});

describe('an index that was rolled back', () => {
  it('learns again that a session has ended, and with what, when it is asked for or its time is up', async () => {
    for (const asks of [true, false]) {
      const ref = await create();
      await sessions.commitUpload(ref, receiptOf(ref, 0));
      const key = `earshot:{clinic/${ref.sessionId}}:row`;
      const before = (await redis.get(key)) ?? '';
      await sessions.end(ref, {});
      await redis.set(key, before);
      await redis.zadd('earshot:expiry', nowMs, `clinic/${ref.sessionId}`);
      nowMs += asks ? 0 : 3_601_000;
      if (!asks) await sessions.sweepExpired();
      const row = asks ? (await sessions.snapshot(ref)).row : await sessions.load(ref);
      expect(row.status).toBe('processing');
      await expect(sessions.admitUpload(ref)).rejects.toMatchObject({ code: 'session_ended' });
    }
  });
});

describe('an index that was emptied', () => {
  it('is rebuilt once from the object store, list and all', async () => {
    const refs = [await create(), await create({ upload_type: 'stream' }), await create()];
    await sessions.commitUpload(refs[0]!, receiptOf(refs[0]!, 0));
    await sessions.end(refs[2]!, {});
    await redis.flushall();
    expect(await sessions.primeIndex(new AbortController().signal)).toBeGreaterThanOrEqual(3);
    expect(await sessions.primeIndex(new AbortController().signal)).toBe(0);
    const { rows } = await sessions.list('clinic', { cursor: null, limit: 100 });
    const states = new Map(rows.map((row) => [row.document.sessionId, row.status]));
    expect(refs.map((ref) => states.get(ref.sessionId))).toEqual(['recording', 'created', 'processing']);
  });
});
