import type { SessionRef } from '@earshot/protocol';
import type { SessionWork } from '@earshot/queue';
import { createFolderStore, keys, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAssembleTranscript } from '../handlers/assemble-transcript.ts';
import { ENDED_AT, EndedSessions } from '../testing/ended-session.ts';
import { CONTEXT, type FakeParts, fakeParts } from '../testing/fake-parts.ts';
import { type Repair, repairPending } from './pending-session.ts';
import { createReconciler, reconcile } from './reconciler.ts';

const RATE = 16_000;
let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let parts: FakeParts;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  parts = fakeParts(store);
});

afterEach(async () => {
  await store.close();
  await folder.remove();
});

const live = (): Promise<SessionRef> => sessions.live(computedAudio(1, 0, 4 * RATE), RATE);
const uploads = (): Promise<SessionRef> =>
  sessions.uploads([{ sequence: 0, format: 'wav', bytes: new Uint8Array(100) }]);
const repair = (ref: SessionRef, since = ENDED_AT): Promise<Repair> =>
  repairPending(parts, { v: 1, ...ref, since });

function failed(
  job: 'decode-uploads' | 'assemble-transcript',
  agoMs: number,
  stalledOut = false,
): SessionWork {
  return { state: 'failed', job, endedAtMs: Date.now() - agoMs, stalledOut };
}

async function isPending(ref: SessionRef): Promise<boolean> {
  for await (const marker of parts.archive.listPending()) {
    if (marker.sessionId === ref.sessionId) return true;
  }
  return false;
}

describe('a pending session', () => {
  it('is left alone while the queue works on it, or End is just queueing it', async () => {
    const ref = await live();
    parts.queue.session = { state: 'unfinished' };
    expect(await repair(ref)).toBe('none');
    parts.queue.session = { state: 'none' };
    expect(await repair(ref, new Date().toISOString())).toBe('none');
    expect(parts.calls).toEqual([]);
  });

  it('is queued by what storage holds: a flow for segments, decoding for uploads', async () => {
    expect(await repair(await live())).toBe('queued');
    expect(await repair(await uploads())).toBe('queued');
    expect(parts.calls).toEqual(['flow 1', 'decode']);
  });

  it('with decoded uploads needs no decoding again', async () => {
    const ref = await uploads();
    const record = { v: 1 as const, segments: [], gaps: [], coverage: [], filesDecoded: 0, issues: [] };
    await parts.archive.createDecoded(ref, record);
    await repair(ref);
    expect(parts.calls).toEqual(['flow 0']);
  });

  it('whose work failed rests for a minute before it is queued again', async () => {
    const ref = await live();
    parts.queue.session = failed('assemble-transcript', 10_000);
    expect(await repair(ref)).toBe('none');
    parts.queue.session = failed('assemble-transcript', 61_000);
    expect(await repair(ref)).toBe('queued');
  });

  it('whose uploads killed every decoder ends failed with that reason', async () => {
    const ref = await uploads();
    parts.queue.session = failed('decode-uploads', 61_000, true);
    expect(await repair(ref)).toBe('queued');
    expect(parts.calls).toEqual(['flow 0']);
    await createAssembleTranscript(parts)(ref, CONTEXT);
    expect(await parts.archive.readTranscript(ref)).toMatchObject({
      status: 'failed',
      error: { code: 'processing_failed' },
      processingErrors: [{ type: 'audio_file_skipped', details: { reason: 'decoder_crashed' } }],
    });
  });

  it('whose assembly always fails ends failed with that reason after three rounds, and stays so', async () => {
    const ref = await live();
    parts.queue.session = failed('assemble-transcript', 61_000);
    const rounds: Repair[] = [];
    for (let marker = await parts.archive.readPending(ref); marker !== null; ) {
      rounds.push(await repairPending(parts, marker));
      marker = await parts.archive.readPending(ref);
    }
    expect(rounds).toEqual(['queued', 'queued', 'finished']);
    expect(await parts.archive.readTranscript(ref)).toMatchObject({
      status: 'failed',
      error: { code: 'processing_failed' },
      templates: { transcript: { status: 'failed' } },
      processingErrors: [{ type: 'assembly_failed' }],
    });
    expect(parts.calls).toEqual(['flow 1', 'flow 1', 'finish failed']);
  });

  it('with an answer and no manifest is left to the nodes that carry it through, however old', async () => {
    const ref = await live();
    await store.remove([keys.manifest(ref)]);
    const { answer } = (await parts.archive.readManifest(await live()))!;
    const intent = { request: {}, answer, epoch: 1, giveUpAt: ENDED_AT };
    expect(await repairPending(parts, { v: 1, ...ref, since: ENDED_AT, intent })).toBe('none');
    expect(await isPending(ref)).toBe(true);
    await parts.archive.createErased(ref, { v: 1, erasedAt: ENDED_AT });
    expect(await repairPending(parts, { v: 1, ...ref, since: ENDED_AT, intent })).toBe('dropped');
  });

  it('with a transcript is only finished', async () => {
    const ref = await sessions.live(new Int16Array(0), RATE);
    await createAssembleTranscript(parts)(ref, CONTEXT);
    await parts.archive.writePending({ v: 1, ...ref, since: ENDED_AT });
    parts.calls.length = 0;
    expect(await repair(ref)).toBe('finished');
    expect(parts.calls).toEqual(['finish failed']);
    expect(await isPending(ref)).toBe(false);
  });

  it('that was erased is dropped', async () => {
    const ref = await live();
    await parts.archive.createErased(ref, { v: 1, erasedAt: ENDED_AT });
    expect(await repair(ref)).toBe('dropped');
    expect(await isPending(ref)).toBe(false);
  });

  it('without a manifest is dropped after ten minutes, and not before', async () => {
    const ref = { tenant: 'clinic', sessionId: 'ses_never_ended_0001' };
    const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    expect(await repair(ref, minutesAgo(9))).toBe('none');
    expect(await repair(ref, minutesAgo(11))).toBe('dropped');
  });
});

describe('a pass', () => {
  it('goes on behind a session that cannot be repaired', async () => {
    const broken = await live();
    await live();
    await store.put(`clinic/${broken.sessionId}/manifest.json`, new TextEncoder().encode('{'));
    expect(await reconcile(parts, new AbortController().signal)).toMatchObject({ none: 1, queued: 1 });
    expect(parts.calls).toEqual(['flow 1']);
  });

  it('is done by the process that gets the lock, and by no other', async () => {
    await live();
    let grants = 1;
    const lock = {
      take: () => {
        grants -= 1;
        return Promise.resolve(grants >= 0);
      },
    };
    const reconcilers = [createReconciler(parts, lock, 60_000), createReconciler(parts, lock, 60_000)];
    for (const reconciler of reconcilers) reconciler.start();
    await until(() => parts.calls.length > 0 && grants < 0);
    await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
    expect(parts.calls).toEqual(['flow 1']);
  });
});
