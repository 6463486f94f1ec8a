import type { PendingMarker, SessionRef } from '@earshot/protocol';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAssembleTranscript } from '../handlers/assemble-transcript.ts';
import { createRenderRecording } from '../recordings/render-recording.ts';
import { ENDED_AT, EndedSessions } from '../testing/ended-session.ts';
import { CONTEXT, type FakeParts, fakeParts } from '../testing/fake-parts.ts';
import { type Repair, repairPending } from './pending-session.ts';

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

const call = (): Promise<SessionRef> =>
  sessions.call([{ track: 'outbound', firstSample: 0, samples: computedAudio(1, 0, 4000) }]);
const assemble = (ref: SessionRef): Promise<void> => createAssembleTranscript(parts)(ref, CONTEXT);
const render = (ref: SessionRef): Promise<void> =>
  createRenderRecording(parts, { keepRecordingDays: 30 })(ref, CONTEXT);
const marker = async (ref: SessionRef): Promise<PendingMarker> => (await parts.archive.readPending(ref))!;
const repair = async (ref: SessionRef): Promise<Repair> => repairPending(parts, await marker(ref));

describe('a pending session with a recording', () => {
  it('has both jobs queued when the queue knows neither, and while only one is there the other', async () => {
    const ref = await call();
    expect(await repair(ref)).toBe('queued');
    parts.queue.session = { state: 'unfinished' };
    expect(await repair(ref)).toBe('queued');
    parts.queue.recording = { state: 'unfinished' };
    expect(await repair(ref)).toBe('none');
    expect(parts.calls).toEqual(['render', 'flow 0', 'render']);
  });

  it('stays pending until the recording is there, however long its transcript is', async () => {
    const ref = await call();
    await assemble(ref);
    parts.queue.recording = { state: 'unfinished' };
    expect(await repair(ref)).toBe('none');
    parts.queue.recording = { state: 'none' };
    expect(await repair(ref)).toBe('queued');
    expect(parts.calls.at(-1)).toBe('render');
    await render(ref);
    expect(await parts.archive.readPending(ref)).toBeNull();
  });

  it('is finished when a crash came between the sidecar and the rest', async () => {
    const ref = await call();
    await assemble(ref);
    const before = await marker(ref);
    await render(ref);
    await parts.archive.writePending(before);
    expect(await repair(ref)).toBe('finished');
    expect(await parts.archive.readPending(ref)).toBeNull();
  });

  it('finds the recording due again when its marker was damaged', async () => {
    const ref = await call();
    await assemble(ref);
    await parts.archive.writePending({ v: 1, ...ref, since: ENDED_AT });
    expect(await repair(ref)).toBe('none');
    expect(await repair(ref)).toBe('queued');
    expect(parts.calls.at(-1)).toBe('render');
  });

  it('gives the recording up after three rounds of failures, and ends all the same', async () => {
    const ref = await call();
    await assemble(ref);
    parts.calls.length = 0;
    parts.queue.recording = { state: 'failed', endedAtMs: Date.now() - 10_000 };
    expect(await repair(ref)).toBe('none');
    parts.queue.recording = { state: 'failed', endedAtMs: Date.now() - 61_000 };
    expect([await repair(ref), await repair(ref), await repair(ref)]).toEqual([
      'queued',
      'queued',
      'finished',
    ]);
    expect(await parts.archive.readPending(ref)).toBeNull();
    expect(parts.calls.filter((one) => one === 'render')).toHaveLength(2);
  });

  it('keeps in mind that the recording was given up while the transcript takes longer', async () => {
    const ref = await call();
    parts.queue.session = { state: 'unfinished' };
    parts.queue.recording = { state: 'failed', endedAtMs: 0 };
    for (let round = 0; round < 5; round += 1) await repair(ref);
    expect(parts.calls.filter((one) => one === 'render')).toHaveLength(2);
    await assemble(ref);
    parts.queue.session = { state: 'completed', job: 'assemble-transcript', endedAtMs: 0, stalledOut: false };
    expect(await repair(ref)).toBe('finished');
    expect(await parts.archive.readPending(ref)).toBeNull();
  });

  it('that was erased makes nothing', async () => {
    const ref = await call();
    const before = await marker(ref);
    await parts.archive.createErased(ref, { v: 1, erasedAt: ENDED_AT });
    await parts.archive.eraseSession(ref);
    expect(await repairPending(parts, before)).toBe('dropped');
    expect(parts.calls).toEqual([]);
  });
});
