import type { EventRecord, SessionRef, TenantPolicy } from '@earshot/protocol';
import { callKeys, createFolderStore, keys, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAssembleTranscript } from '../handlers/assemble-transcript.ts';
import { createRenderRecording } from '../recordings/render-recording.ts';
import { EndedSessions } from '../testing/ended-session.ts';
import { CONTEXT, type FakeParts, fakeParts } from '../testing/fake-parts.ts';
import { sweepRetention } from './sweep.ts';

const DAY_MS = 86_400_000;
const FALLBACK: TenantPolicy = { v: 1, keepAudioDays: 0, keepTranscriptDays: null };
const AUDIO = computedAudio(1, 0, 4000);
let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let parts: FakeParts;
let told: EventRecord[];
let nowMs: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  nowMs = Date.parse('2026-01-01T00:00:00.000Z');
  told = [];
  const events = { append: (event: EventRecord) => Promise.resolve(told.push(event) > 0) };
  parts = { ...fakeParts(store), events, now: () => new Date(nowMs) };
});

afterEach(async () => {
  await store.close();
  await folder.remove();
});

const sweep = () => sweepRetention(parts, FALLBACK, new AbortController().signal);
const passDays = (days: number): void => {
  nowMs += days * DAY_MS;
};

async function recorded(): Promise<SessionRef> {
  const ref = await sessions.call([{ track: 'inbound', firstSample: 0, samples: AUDIO }]);
  nowMs += 60_000;
  await createRenderRecording(parts, { keepRecordingDays: 30 })(ref, CONTEXT);
  await createAssembleTranscript(parts)(ref, CONTEXT);
  told.length = 0;
  return ref;
}

async function recordingObjects(ref: SessionRef): Promise<string[]> {
  const { objects } = await store.list(callKeys.recordings(ref));
  return objects.map(({ key }) => key.split('/').at(-1) ?? '');
}

describe('recordings whose time is over', () => {
  it('go on that day and not before, and that is told once a file', async () => {
    const ref = await recorded();
    passDays(29.9);
    expect(await sweep()).toMatchObject({ kept: 1, recordings_removed: 0 });
    expect(await recordingObjects(ref)).toHaveLength(4);
    passDays(0.1);
    expect(await sweep()).toMatchObject({ kept: 0, recordings_removed: 1 });
    expect(await recordingObjects(ref)).toEqual(['recording.json', 'removed.json']);
    expect(await parts.callArchive.readRecordingsRemoved(ref)).toMatchObject({ by: 'retention' });
    expect(told.map(({ type, lineId, data }) => [type, lineId, data['kind']])).toEqual([
      ['recording.expired', 'lin_desk', 'inbound'],
      ['recording.expired', 'lin_desk', 'outbound'],
      ['recording.expired', 'lin_desk', 'mixed'],
    ]);
    for (const days of [1, 1, 100]) {
      passDays(days);
      expect(await sweep()).toMatchObject({ kept: 1, recordings_removed: 0 });
    }
    expect(told).toHaveLength(3);
  });

  it('go also where a removal broke off before the files', async () => {
    const ref = await recorded();
    passDays(30);
    const removedAt = new Date(nowMs).toISOString();
    await parts.callArchive.createRecordingsRemoved(ref, { v: 1, removedAt, by: 'retention' });
    expect(await sweep()).toMatchObject({ recordings_removed: 1 });
    expect(await recordingObjects(ref)).toEqual(['recording.json', 'removed.json']);
    expect(new Set(told.map((event) => event.occurredAt))).toEqual(new Set([removedAt]));
  });

  it('go soon where somebody deleted them and that broke off before the files', async () => {
    await parts.archive.writePolicy('clinic', { ...FALLBACK, keepRecordingDays: 0 });
    const ref = await recorded();
    const removedAt = new Date(nowMs).toISOString();
    await parts.callArchive.createRecordingsRemoved(ref, { v: 1, removedAt, by: 'request' });
    passDays(1);
    expect(await sweep()).toMatchObject({ recordings_removed: 1 });
    expect(await recordingObjects(ref)).toEqual(['recording.json', 'removed.json']);
    expect(new Set(told.map(({ type }) => type))).toEqual(new Set(['recording.deleted']));
    expect(await sweep()).toMatchObject({ kept: 1 });
  });

  it('stay for ever where the tenant wants that', async () => {
    await parts.archive.writePolicy('clinic', { ...FALLBACK, keepRecordingDays: 0 });
    const ref = await recorded();
    passDays(4000);
    expect(await sweep()).toMatchObject({ kept: 1 });
    expect(await recordingObjects(ref)).toHaveLength(4);
  });

  it('leave the segments of the session to the rule for audio', async () => {
    const ref = await recorded();
    passDays(30);
    await sweep();
    expect(await parts.archive.listSegments(ref)).toHaveLength(1);
  });
});

describe('the recordings of an erased session', () => {
  it('go with everything else of it', async () => {
    const ref = await recorded();
    await parts.archive.writePolicy('clinic', { ...FALLBACK, keepTranscriptDays: 1 });
    passDays(1);
    expect(await sweep()).toMatchObject({ erased: 1 });
    expect(await recordingObjects(ref)).toEqual([]);
    const { objects } = await store.list(keys.sessionRoot(ref));
    expect(objects.map(({ key }) => key)).toEqual([keys.erased(ref)]);
  });

  it('are not made by a job that was running meanwhile', async () => {
    const ref = await sessions.call([{ track: 'inbound', firstSample: 0, samples: AUDIO }]);
    const erasing = {
      ...store,
      description: store.description,
      putFile: async (...[key, path, options]: Parameters<ObjectStore['putFile']>) => {
        await parts.archive.createErased(ref, { v: 1, erasedAt: new Date(nowMs).toISOString() });
        await parts.archive.eraseSession(ref);
        return store.putFile(key, path, options);
      },
    };
    nowMs += 60_000;
    await createRenderRecording({ ...parts, store: erasing }, { keepRecordingDays: 30 })(ref, CONTEXT);
    const { objects } = await store.list(keys.sessionRoot(ref));
    expect(objects.map(({ key }) => key)).toEqual([keys.erased(ref)]);
  });
});
