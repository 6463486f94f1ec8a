import type { SessionRef, TenantPolicy } from '@earshot/protocol';
import type { SessionRow } from '@earshot/sessions';
import { createFolderStore, keys, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAssembleTranscript } from '../handlers/assemble-transcript.ts';
import { EndedSessions } from '../testing/ended-session.ts';
import { CONTEXT, type FakeParts, fakeParts } from '../testing/fake-parts.ts';
import { createRetention } from './retention.ts';
import { sweepRetention } from './sweep.ts';

const DAY_MS = 86_400_000;
const RATE = 16_000;
const FALLBACK: TenantPolicy = { v: 1, keepAudioDays: 30, keepTranscriptDays: null };
const signal = new AbortController().signal;
let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let parts: FakeParts;
let nowMs: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  nowMs = Date.parse('2026-06-01T00:00:00.000Z');
  parts = { ...fakeParts(store), now: () => new Date(nowMs) };
});

afterEach(async () => {
  await store.close();
  await folder.remove();
});

const sweep = () => sweepRetention(parts, FALLBACK, signal);
const passDays = (days: number): void => {
  nowMs += days * DAY_MS;
};

async function done(): Promise<SessionRef> {
  const ref = await sessions.live(computedAudio(1, 0, 4 * RATE), RATE);
  parts.queue.segment = () => ({ state: 'failed' });
  await createAssembleTranscript(parts)(ref, CONTEXT);
  return ref;
}

async function objects(ref: SessionRef): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of store.listAll(keys.sessionRoot(ref)))
    names.push(key.split('/').slice(2).join('/'));
  return names;
}

describe('a sweep', () => {
  it('removes the sound on the day when its time is over, and not before', async () => {
    const ref = await done();
    passDays(29.9);
    expect(await sweep()).toMatchObject({ kept: 1 });
    passDays(0.1);
    expect(await sweep()).toMatchObject({ audio_removed: 1 });
    expect(await objects(ref)).toEqual([
      'audio-removed.json',
      'manifest.json',
      'session.json',
      'transcript.json',
    ]);
    const removed = await parts.archive.readAudioRemoved(ref);
    expect(removed).toEqual({ v: 1, removedAt: new Date(nowMs).toISOString(), objects: 1, bytes: 128_044 });
    passDays(1);
    expect(await sweep()).toMatchObject({ kept: 1, audio_removed: 0 });
    expect(await parts.archive.readAudioRemoved(ref)).toEqual(removed);
  });

  it('keeps receipts of uploaded files and removes the files', async () => {
    const bytes = new Uint8Array(100);
    const ref = await sessions.uploads([{ sequence: 0, format: 'wav', bytes }]);
    const record = { v: 1 as const, segments: [], gaps: [], coverage: [], filesDecoded: 0, issues: [] };
    await parts.archive.createDecoded(ref, record);
    await createAssembleTranscript(parts)(ref, CONTEXT);
    passDays(30);
    await sweep();
    expect(await objects(ref)).toEqual([
      'audio-removed.json',
      'decoded.json',
      'manifest.json',
      'session.json',
      'transcript.json',
      'uploads/0.json',
    ]);
  });

  it('follows the rules of the tenant, and keeps for ever with 0', async () => {
    await done();
    await parts.archive.writePolicy('clinic', { v: 1, keepAudioDays: 0, keepTranscriptDays: null });
    passDays(4000);
    expect(await sweep()).toMatchObject({ kept: 1 });
    await parts.archive.writePolicy('clinic', { v: 1, keepAudioDays: 7, keepTranscriptDays: null });
    expect(await sweep()).toMatchObject({ audio_removed: 1 });
  });

  it('erases the session, as DELETE does, when the time of its transcript is over', async () => {
    const ref = await done();
    await parts.archive.writePolicy('clinic', { v: 1, keepAudioDays: 7, keepTranscriptDays: 90 });
    passDays(89);
    await sweep();
    expect(await parts.archive.readTranscript(ref)).not.toBeNull();
    passDays(1);
    expect(await sweep()).toMatchObject({ erased: 1 });
    expect(await objects(ref)).toEqual(['erased.json']);
    expect(parts.calls.slice(-2)).toEqual(['remove 0', 'unindex']);
    expect((await parts.archive.readErased(ref))?.receipt?.removed.objects).toBe(4);
    expect(await sweep()).toMatchObject({ kept: 1, erased: 0 });
  });

  it('finishes an erasure and a removal that broke off', async () => {
    const [erased, silent] = [await done(), await done()];
    await parts.archive.createErased(erased, { v: 1, erasedAt: new Date(nowMs).toISOString() });
    passDays(30);
    const amount = { objects: 1, bytes: 128_044 };
    await parts.archive.createAudioRemoved(silent, {
      v: 1,
      removedAt: new Date(nowMs).toISOString(),
      ...amount,
    });
    passDays(1);
    expect(await sweep()).toMatchObject({ erased: 1, audio_removed: 1 });
    expect(await objects(erased)).toEqual(['erased.json']);
    expect(await parts.archive.listSegments(silent)).toEqual([]);
  });

  it('takes away what a process that died had under way when its session was erased', async () => {
    const ref = await done();
    await parts.archive.createErased(ref, { v: 1, erasedAt: new Date(nowMs).toISOString() });
    await sweep();
    const late = keys.segment(ref, { track: 'main', index: 9, firstSample: 0 });
    await store.put(late, new Uint8Array(44));
    passDays(1);
    expect(await sweep()).toMatchObject({ erased: 1 });
    expect(await objects(ref)).toEqual(['erased.json']);
    expect(await sweep()).toMatchObject({ kept: 1 });
  });

  it('leaves sessions alone that have not come to their end, and counts expired ones from their expiry', async () => {
    const open = await sessions.live(computedAudio(1, 0, RATE), RATE);
    passDays(400);
    expect(await sweep()).toMatchObject({ kept: 1 });
    await store.remove([keys.manifest(open)]);
    await parts.archive.createExpired(open, { v: 1, expiredAt: new Date(nowMs).toISOString() });
    passDays(30);
    expect(await sweep()).toMatchObject({ audio_removed: 1 });
  });

  it('goes on behind a session that cannot be read', async () => {
    const broken = await done();
    await store.put(keys.transcript(broken), new TextEncoder().encode('{'));
    await done();
    passDays(30);
    expect(await sweep()).toMatchObject({ failed: 1, audio_removed: 1 });
  });
});

describe('an index that was rolled back to before an erasure', () => {
  it('forgets the session again', async () => {
    const ref = await done();
    const document = (await parts.archive.readSession(ref))!;
    await parts.archive.createErased(ref, { v: 1, erasedAt: new Date(nowMs).toISOString() });
    await sweep();
    let removals = 0;
    const rolledBack: SessionRow = {
      document,
      status: 'completed',
      epoch: 1,
      ending: true,
      endedAt: null,
      completedAt: null,
      expiredAt: null,
      rebuiltAt: null,
    };
    const index = {
      ...parts.index,
      read: () => Promise.resolve(rolledBack),
      remove: () => {
        removals += 1;
        return Promise.resolve();
      },
    };
    expect(await sweepRetention({ ...parts, index }, FALLBACK, signal)).toMatchObject({ erased: 1 });
    expect(removals).toBe(1);
  });
});

describe('the daily sweep', () => {
  it('runs at the start when a day has passed, in the process that gets the lock, and then not again', async () => {
    const ref = await done();
    passDays(30);
    let grants = 1;
    const lock = {
      take: () => {
        grants -= 1;
        return Promise.resolve(grants >= 0);
      },
    };
    const workers = [createRetention(parts, lock, FALLBACK), createRetention(parts, lock, FALLBACK)];
    for (const worker of workers) worker.start();
    await until(async () => (await parts.archive.readRetentionMark()) !== null);
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(await parts.archive.readAudioRemoved(ref)).not.toBeNull();
    grants = 1;
    const restarted = createRetention(parts, lock, FALLBACK);
    passDays(0.9);
    restarted.start();
    await restarted.stop();
    expect(grants).toBe(1);
  });
});
