import type { SegmentResult, SessionRef, TranscribeSegmentJob } from '@earshot/protocol';
import { type JobContext, planSegments, RetryLater } from '@earshot/queue';
import { createFolderStore, keys, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { EngineError } from '@earshot/transcription';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EndedSessions } from '../testing/ended-session.ts';
import { CONTEXT, type FakeParts, fakeParts } from '../testing/fake-parts.ts';
import { createAssembleTranscript } from './assemble-transcript.ts';
import { createTranscribeSegment } from './transcribe-segment.ts';

const RATE = 16_000;
let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let parts: FakeParts;
let ref: SessionRef;
let jobs: TranscribeSegmentJob[];

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  parts = fakeParts(store);
  ref = await sessions.live(computedAudio(1, 0, 40 * RATE), RATE);
  const [document, manifest] = await Promise.all([
    sessions.archive.readSession(ref),
    sessions.archive.readManifest(ref),
  ]);
  jobs = planSegments(document!, manifest!.segments);
});

afterEach(async () => {
  await store.close();
  await folder.remove();
});

const transcribe = (index = 0, context: JobContext = CONTEXT): Promise<void> =>
  createTranscribeSegment(parts)(jobs[index]!, context);
const assemble = (context: JobContext = CONTEXT): Promise<void> =>
  createAssembleTranscript(parts)(ref, context);
const refusal = (promise: Promise<void>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
const result = (index = 0): Promise<SegmentResult | null> => parts.archive.readResult(ref, 'main', index);

describe('transcribing a segment', () => {
  it('stores a result, tells the index, and does not ask the engine again', async () => {
    await transcribe();
    await transcribe();
    expect(await result()).toMatchObject({ status: 'ok', attempt: 1 });
    expect(parts.engine.calls).toHaveLength(1);
    expect(parts.calls).toEqual(['mark 0 transcribed', 'mark 0 transcribed']);
  });

  it('fails the attempt on a passing fault, and stores the failure with the last one', async () => {
    parts = fakeParts(store, () => ({ fault: { kind: 'transient', cause: 'The server had no time.' } }));
    expect(await refusal(transcribe())).toBeInstanceOf(EngineError);
    expect(await result()).toBeNull();
    await transcribe(0, { ...CONTEXT, attempt: 5, finalAttempt: true });
    expect(await result()).toMatchObject({
      status: 'failed',
      engine: 'scripted',
      error: { reason: 'transient', message: 'The server had no time.' },
    });
    expect(parts.calls).toEqual(['mark 0 failed']);
  });

  it('waits between one second and five minutes when the engine asks for it', async () => {
    const waits: number[] = [];
    for (const retryAfterMs of [1, 20_000, 3_600_000]) {
      parts = fakeParts(store, () => ({ fault: { kind: 'rate-limited', retryAfterMs } }));
      const error = await refusal(transcribe(0, { ...CONTEXT, finalAttempt: true }));
      if (error instanceof RetryLater) waits.push(error.delayMs);
    }
    expect(waits).toEqual([1000, 20_000, 300_000]);
  });

  it('fails for good when it was put off too often by the engine', async () => {
    parts = fakeParts(store, () => ({ fault: { kind: 'rate-limited', retryAfterMs: 1000 } }));
    await transcribe(0, { ...CONTEXT, mayPostpone: false, finalAttempt: true });
    expect(await result()).toMatchObject({ status: 'failed', error: { reason: 'rate-limited' } });
  });

  it('does not repeat what can never work', async () => {
    parts = fakeParts(store, () => ({ fault: { kind: 'rejected', cause: 'Not this audio.' } }));
    await transcribe();
    expect(await result()).toMatchObject({ status: 'failed', error: { reason: 'rejected' } });
  });

  it('that failed in an earlier round may succeed in this one', async () => {
    parts = fakeParts(store, (call) =>
      call.call === 1 ? { fault: { kind: 'rejected', cause: 'Not now.' } } : 'heard after all',
    );
    await transcribe();
    await transcribe();
    expect(await result()).toMatchObject({ status: 'ok', attempt: 2 });
  });

  it('whose object is gone is a failure with that reason', async () => {
    await store.remove([jobs[0]!.key]);
    await transcribe();
    expect(await result()).toMatchObject({ status: 'failed', error: { reason: 'segment_missing' } });
  });

  it('of an erased session leaves nothing behind, even when erased in between', async () => {
    parts = fakeParts(store, async () => {
      await parts.archive.createErased(ref, { v: 1, erasedAt: '2026-01-01T00:00:00.000Z' });
      return 'too late';
    });
    await transcribe();
    await transcribe(1);
    const left: string[] = [];
    for await (const { key } of store.listAll(`clinic/${ref.sessionId}/`)) left.push(key);
    expect(left).toEqual([`clinic/${ref.sessionId}/erased.json`]);
    expect(parts.engine.calls).toHaveLength(1);
  });
});

describe('assembling', () => {
  it('waits while a segment may still get its result', async () => {
    await transcribe();
    parts.queue.segment = () => ({ state: 'unfinished' });
    expect(await refusal(assemble())).toBeInstanceOf(RetryLater);
    expect(await parts.archive.readTranscript(ref)).toBeNull();
    expect(parts.calls.filter((call) => call.startsWith('segments'))).toEqual([]);
  });

  it('queues segments again that the queue knows nothing of', async () => {
    await transcribe();
    expect(await refusal(assemble())).toBeInstanceOf(RetryLater);
    const missing = jobs.slice(1).map((job) => job.index);
    expect(parts.calls).toContain(`segments ${missing.join()}`);
  });

  it('reports segments whose workers died, and is partial', async () => {
    for (const index of jobs.keys()) if (index !== 1) await transcribe(index);
    parts.queue.segment = () => ({ state: 'failed', reason: 'job stalled', stalledOut: true });
    await assemble();
    expect(await parts.archive.readTranscript(ref)).toMatchObject({
      status: 'partial',
      segmentsFailed: 1,
      processingErrors: [{ type: 'segment_failed', details: { index: 1, reason: 'worker_died' } }],
    });
  });

  it('again changes nothing and finishes what a crash left undone', async () => {
    for (const index of jobs.keys()) await transcribe(index);
    await assemble();
    const first = await parts.archive.readTranscript(ref);
    parts.calls.length = 0;
    await parts.archive.createWebhook({
      v: 1,
      webhookId: 'whk_1',
      tenant: 'clinic',
      url: 'https://receiver.example/',
      events: ['session.completed', 'session.partial'],
      secret: null,
      status: 'active',
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    await assemble();
    expect(await parts.archive.readTranscript(ref)).toEqual(first);
    expect(parts.calls).toEqual(['finish completed', 'webhook session.completed']);
  });

  it('finishes a session whose transcript stands, though a result cannot be read any more', async () => {
    for (const index of jobs.keys()) await transcribe(index);
    await assemble();
    const finished = parts.calls.filter((call) => call.startsWith('finish'));
    expect(finished).toHaveLength(1);
    const damaged = keys.result(ref, { track: 'main', index: 0, attempt: 1 });
    await store.put(damaged, new TextEncoder().encode('{'), { contentType: 'application/json' });
    await assemble();
    expect(parts.calls.filter((call) => call.startsWith('finish'))).toHaveLength(2);
  });

  it('of uploads that were never decoded sends them to the decoder', async () => {
    ref = await sessions.uploads([{ sequence: 0, format: 'wav', bytes: new Uint8Array(100) }]);
    expect(await refusal(assemble())).toMatchObject({ name: 'GiveUp' });
    expect(parts.calls).toEqual(['decode']);
  });
});
