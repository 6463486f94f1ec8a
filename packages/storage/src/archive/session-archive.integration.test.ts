import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type {
  ApiKeyRecord,
  DecodedRecord,
  Manifest,
  SegmentResult,
  SessionDocument,
  SessionRef,
  StreamRecord,
  Transcript,
  UploadReceipt,
  WebhookRecord,
} from '@earshot/protocol';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createFolderStore } from '../folder/folder-store.ts';
import { keys } from '../keys.ts';
import type { ObjectStore } from '../port/object-store.ts';
import { createSessionArchive, type SessionArchive } from './session-archive.ts';

const AT = '2026-03-01T10:00:00.000Z';
const hash = 'ab'.repeat(32);

let folder: TemporaryFolder;
let store: ObjectStore;
let archive: SessionArchive;
let ref: SessionRef;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());
beforeEach(() => {
  store = createFolderStore(join(folder.path, randomBytes(6).toString('hex')));
  archive = createSessionArchive(store);
  ref = { tenant: 'clinic', sessionId: `ses_${randomBytes(13).toString('hex')}` };
});

function session(of: SessionRef): SessionDocument {
  return {
    v: 1,
    ...of,
    streamId: null,
    createdAt: AT,
    expiresAt: AT,
    createdBy: 'key_1',
    test: false,
    request: {
      upload_type: 'chunked',
      templates: [],
      session_mode: 'dictation',
      model: 'lite',
      language_hint: ['en'],
      transcript_language: [],
      additional_data: { visit: 7 },
      patient_details: null,
    },
    userStatus: null,
    processingStatus: null,
  };
}

function receipt(sequence: number, name = `${sequence}.webm`): UploadReceipt {
  const key = keys.upload(ref, sequence, 'webm');
  const facts = {
    key,
    name,
    originalFilename: 'voice.webm',
    format: 'webm',
    contentType: 'audio/webm',
  } as const;
  return { sequence, ...facts, bytes: 10, sha256: hash, receivedAt: AT };
}

function stream(epoch: number): StreamRecord {
  return {
    v: 1,
    epoch,
    transport: 'websocket',
    dialect: 'twilio',
    encoding: 'audio/x-mulaw',
    bigEndian: null,
    callId: null,
    providerStreamId: null,
    startedAt: AT,
    endedAt: AT,
    closedBy: 'stop',
    frames: 1,
    malformedFrames: 0,
    duplicateFrames: 0,
    reorderedFrames: 0,
    oddBytes: 0,
    segments: [],
    gaps: [],
    coverage: [],
    warnings: [],
  };
}

function manifest(): Manifest {
  const answer = {
    session_id: ref.sessionId,
    status: 'processing',
    message: 'ok',
    audio_files_received: 0,
    audio_files: [],
  } as const;
  const lists = { uploads: [], segments: [], gaps: [], coverage: [], issues: [] };
  return { v: 1, ...ref, endedAt: AT, ...lists, answer: { ...answer, audio_files: [] } };
}

function result(index: number, attempt: number, status: SegmentResult['status']): SegmentResult {
  return {
    v: 1,
    track: 'main',
    index,
    attempt,
    status,
    engine: 'scripted',
    model: 'm',
    version: '1',
    language: 'en',
    timing: 'none',
    utterances: [],
    guarded: [],
    finishedAt: AT,
    engineMs: 5,
  };
}

function transcript(): Transcript {
  return {
    v: 1,
    ...ref,
    status: 'completed',
    completedAt: AT,
    modelUsed: 'lite',
    engine: 'scripted',
    engineModel: 'm',
    engineVersion: '1',
    languageDetected: null,
    text: 'Guten Tag – naïve ☕',
    utterances: [],
    templates: {},
    processingErrors: [],
    segmentsTotal: 0,
    segmentsFailed: 0,
    audioFilesProcessed: 0,
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('the session archive', () => {
  it('keeps the first session document and lets a later one replace it on purpose', async () => {
    expect(await archive.readSession(ref)).toBeNull();
    expect(await archive.createSession(session(ref))).toBe('created');
    expect(await archive.createSession({ ...session(ref), userStatus: 'late' })).toBe('exists');
    expect(await archive.readSession(ref)).toEqual(session(ref));
    await archive.writeSession({ ...session(ref), userStatus: 'commit' });
    expect((await archive.readSession(ref))?.userStatus).toBe('commit');
  });

  it('keeps each document that is written once', async () => {
    const decoded: DecodedRecord = {
      v: 1,
      segments: [],
      gaps: [],
      coverage: [],
      filesDecoded: 2,
      issues: [],
    };
    const rows = [
      [() => archive.createManifest(manifest()), () => archive.readManifest(ref), manifest()],
      [() => archive.createDecoded(ref, decoded), () => archive.readDecoded(ref), decoded],
      [() => archive.createTranscript(transcript()), () => archive.readTranscript(ref), transcript()],
      [
        () => archive.createExpired(ref, { v: 1, expiredAt: AT }),
        () => archive.readExpired(ref),
        { v: 1, expiredAt: AT },
      ],
      [
        () => archive.createErased(ref, { v: 1, erasedAt: AT }),
        () => archive.readErased(ref),
        { v: 1, erasedAt: AT },
      ],
    ] as const;
    for (const [create, read, document] of rows) {
      expect(await read()).toBeNull();
      expect(await create()).toBe('created');
      expect(await create()).toBe('exists');
      expect(await read()).toEqual(document);
    }
  });

  it('gives upload receipts in the order of their sequence, without the files beside them', async () => {
    for (const sequence of [10, 2, 1]) {
      await store.put(keys.upload(ref, sequence, 'webm'), new Uint8Array(10));
      expect(await archive.createUpload(ref, receipt(sequence))).toBe('created');
    }
    expect(await archive.createUpload(ref, receipt(2, 'other.webm'))).toBe('exists');
    await archive.writeUpload(ref, receipt(1, 'replaced.webm'));
    expect((await archive.readUploads(ref)).map(({ name }) => name)).toEqual([
      'replaced.webm',
      '2.webm',
      '10.webm',
    ]);
  });

  it('gives stream records in the order of their epoch', async () => {
    for (const epoch of [10, 9, 1]) await archive.writeStream(ref, stream(epoch));
    expect((await archive.readStreams(ref)).map(({ epoch }) => epoch)).toEqual([1, 9, 10]);
  });

  it('lists segments by what their keys say, and ignores what is none', async () => {
    const places = [
      { track: 'outbound', index: 0, firstSample: 0 },
      { track: 'inbound', index: 1, firstSample: 80_000 },
      { track: 'inbound', index: 0, firstSample: 0 },
    ] as const;
    for (const place of places) await store.put(keys.segment(ref, place), new Uint8Array(44 + place.index));
    await store.put(`${keys.segments(ref)}inbound/notes.txt`, new Uint8Array(1));
    const listed = await archive.listSegments(ref);
    expect(listed.map(({ track, index, firstSample, bytes }) => [track, index, firstSample, bytes])).toEqual([
      ['inbound', 0, 0, 44],
      ['inbound', 1, 80_000, 45],
      ['outbound', 0, 0, 44],
    ]);
    expect(listed[0]?.key).toBe(keys.segment(ref, places[2]));
  });

  it('chooses the latest result that did not fail, or else the latest', async () => {
    const attempts = [
      result(0, 1, 'failed'),
      result(0, 2, 'ok'),
      result(0, 10, 'failed'),
      result(1, 1, 'failed'),
      result(1, 9, 'failed'),
      result(1, 10, 'failed'),
      result(2, 1, 'failed'),
      result(2, 2, 'no_speech'),
      result(11, 1, 'ok'),
    ];
    for (const attempt of attempts) expect(await archive.createResult(ref, attempt)).toBe('created');
    expect(await archive.createResult(ref, result(0, 2, 'failed'))).toBe('exists');
    const best = await archive.readResults(ref);
    expect(best.map(({ index, attempt }) => [index, attempt])).toEqual([
      [0, 2],
      [1, 10],
      [2, 2],
      [11, 1],
    ]);
    const one = await Promise.all([0, 1, 2, 11].map((index) => archive.readResult(ref, 'main', index)));
    expect(one).toEqual(best);
    expect(await archive.readResult(ref, 'main', 3)).toBeNull();
  });

  it('reads many documents completely', async () => {
    const sequences = Array.from({ length: 100 }, (_, i) => i);
    await Promise.all(sequences.map((sequence) => archive.createUpload(ref, receipt(sequence))));
    expect((await archive.readUploads(ref)).map(({ sequence }) => sequence)).toEqual(sequences);
  });

  it.each([
    ['no JSON', '{'],
    ['another shape', '{"v":1}'],
    ['another version', JSON.stringify({ v: 2, expiredAt: AT })],
    ['no UTF-8', Buffer.from([0xff, 0xfe])],
  ])('names the key of a document that is %s, and tells nothing of its content', async (_what, body) => {
    await store.put(keys.expired(ref), Buffer.from(body));
    await expect(archive.readExpired(ref)).rejects.toMatchObject({
      code: 'internal_error',
      message: 'A stored document could not be understood.',
      details: { key: keys.expired(ref) },
    });
  });

  it('erases a session but for the mark that it was erased, and nothing of its neighbours', async () => {
    const neighbour = { ...ref, sessionId: `${ref.sessionId}x` };
    await Promise.all([archive.createSession(session(ref)), archive.createSession(session(neighbour))]);
    await archive.createUpload(ref, receipt(1));
    await archive.createManifest(manifest());
    await store.put(keys.segment(ref, { track: 'main', index: 0, firstSample: 0 }), new Uint8Array(44));
    await archive.createErased(ref, { v: 1, erasedAt: AT });
    expect(await archive.eraseSession(ref)).toMatchObject({ objects: 4 });
    expect(await archive.eraseSession(ref)).toEqual({ objects: 0, bytes: 0 });
    const left = await collect(store.listAll(keys.tenantRoot('clinic')));
    expect(left.map(({ key }) => key).sort()).toEqual([keys.erased(ref), keys.session(neighbour)].sort());
  });

  it('removes the sound of a session, counted, and keeps its records', async () => {
    await archive.createUpload(ref, receipt(1));
    await store.put(keys.upload(ref, 1, 'webm'), new Uint8Array(7));
    await store.put(keys.segment(ref, { track: 'main', index: 0, firstSample: 0 }), new Uint8Array(44));
    expect(await archive.measureAudio(ref)).toEqual({ objects: 2, bytes: 51 });
    expect(await archive.removeAudio(ref)).toEqual({ objects: 2, bytes: 51 });
    const left = await collect(store.listAll(keys.sessionRoot(ref)));
    expect(left.map(({ key }) => key)).toEqual([keys.uploadReceipt(ref, 1)]);
  });

  it('lists sessions and tenants, without the system and what is no session of theirs', async () => {
    const other = { tenant: 'another', sessionId: 'session-supplied-by-client' };
    const second = { ...ref, sessionId: 'ses-2-0123456789abcdef' };
    for (const each of [ref, second, other]) await archive.createSession(session(each));
    await archive.createKey(hash, apiKey());
    expect((await collect(archive.listSessions('clinic'))).sort()).toEqual(
      [ref.sessionId, second.sessionId].sort(),
    );
    expect(await collect(archive.listSessions('nobody'))).toEqual([]);
    expect(await archive.listTenants()).toEqual(['another', 'clinic']);
  });

  it('lists pending sessions, a damaged marker too, until they are removed', async () => {
    const damaged = { tenant: 'clinic', sessionId: 'aaa' };
    await archive.writePending({ v: 1, ...ref, since: AT });
    await archive.writePending({ v: 1, ...ref, since: AT });
    await store.put(keys.pending(damaged), new Uint8Array());
    const pending = await collect(archive.listPending());
    expect(pending).toHaveLength(2);
    expect(pending[0]).toMatchObject(damaged);
    expect(Date.parse(pending[0]?.since ?? '')).toBeGreaterThan(Date.parse(AT));
    expect(pending[1]).toEqual({ v: 1, ...ref, since: AT });
    expect(await archive.readPending(ref)).toEqual(pending[1]);
    expect(await archive.readPending(damaged)).toEqual(pending[0]);
    expect(await archive.createPending({ v: 1, ...ref, since: '2027-01-01T00:00:00.000Z' })).toBe('exists');
    expect(await collect(archive.listPendingRefs())).toEqual([damaged, ref]);
    await archive.removePending(ref);
    await archive.removePending(ref);
    expect(await collect(archive.listPending())).toHaveLength(1);
  });

  it('keeps API keys and stream pointers under their hashes', async () => {
    expect(await archive.readKey(hash)).toBeNull();
    expect(await archive.createKey(hash, apiKey())).toBe('created');
    expect(await archive.createKey(hash, { ...apiKey(), name: 'thief' })).toBe('exists');
    await archive.writeKey(hash, { ...apiKey(), revokedAt: AT });
    expect(await archive.listKeys()).toEqual([{ sha256: hash, record: { ...apiKey(), revokedAt: AT } }]);
    const pointer = { v: 1, ...ref } as const;
    expect(await archive.createStreamPointer(hash, pointer)).toBe('created');
    expect(await archive.readStreamPointer(hash)).toEqual(pointer);
    await archive.removeStreamPointer(hash);
    expect(await archive.readStreamPointer(hash)).toBeNull();
  });

  it('keeps the webhooks of tenants apart', async () => {
    expect(await archive.createWebhook(webhook('clinic', 'whk_1'))).toBe('created');
    expect(await archive.createWebhook(webhook('another', 'whk_2'))).toBe('created');
    expect(await archive.listWebhooks('clinic')).toEqual([webhook('clinic', 'whk_1')]);
    expect(await archive.readWebhook('another', 'whk_1')).toBeNull();
    expect(await archive.removeWebhook('another', 'whk_1')).toBe(false);
    expect(await archive.removeWebhook('clinic', 'whk_1')).toBe(true);
    expect(await archive.removeWebhook('clinic', 'whk_1')).toBe(false);
    expect(await archive.listWebhooks('clinic')).toEqual([]);
  });

  it('rejects, and does not throw, for ids that cannot be', async () => {
    const bad = { tenant: 'clinic', sessionId: '../x' };
    await expect(archive.readSession(bad)).rejects.toMatchObject({ code: 'session_not_found' });
    await expect(archive.readWebhook('clinic', '../x')).rejects.toMatchObject({ code: 'webhook_not_found' });
    await expect(archive.readKey('x')).rejects.toThrow(RangeError);
  });
});

function apiKey(): ApiKeyRecord {
  const facts = {
    keyId: 'key_1',
    tenant: 'clinic',
    name: 'front desk',
    mode: 'live',
    last4: 'abcd',
  } as const;
  return { v: 1, ...facts, createdAt: AT, revokedAt: null };
}

function webhook(tenant: string, webhookId: string): WebhookRecord {
  const facts = { url: 'https://example.org/hook', events: ['session.completed' as const], secret: null };
  return { v: 1, webhookId, tenant, ...facts, status: 'active', createdAt: AT };
}
