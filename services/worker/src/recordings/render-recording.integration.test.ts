import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseWavHeader } from '@earshot/audio';
import type { CallEndedRecord, RecordingKind, RecordingSidecar, SessionRef } from '@earshot/protocol';
import { RetryLater } from '@earshot/queue';
import { callKeys, createFolderStore, keys, type ObjectStore } from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAssembleTranscript } from '../handlers/assemble-transcript.ts';
import { EndedSessions, type TestStretch } from '../testing/ended-session.ts';
import { CONTEXT, type FakeParts, fakeParts } from '../testing/fake-parts.ts';
import { createRenderRecording } from './render-recording.ts';

const CALL_ID = `call_${'c'.repeat(26)}`;
const IN = 1;
const OUT = 2;
let folder: TemporaryFolder;
let spool: TemporaryFolder;
let store: ObjectStore;
let sessions: EndedSessions;
let parts: FakeParts;

beforeEach(async () => {
  folder = await temporaryFolder();
  spool = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = new EndedSessions(store);
  parts = fakeParts(store);
});

afterEach(async () => {
  await store.close();
  await folder.remove();
  await spool.remove();
});

const render = (ref: SessionRef, context = CONTEXT, of = parts): Promise<void> =>
  createRenderRecording(of, { keepRecordingDays: 30, spoolFolder: join(spool.path, 'not', 'yet') })(
    ref,
    context,
  );
const assemble = (ref: SessionRef): Promise<void> => createAssembleTranscript(parts)(ref, CONTEXT);
const stretch = (track: TestStretch['track'], firstSample: number, samples: number): TestStretch => ({
  track,
  firstSample,
  samples: computedAudio(track === 'inbound' ? IN : OUT, firstSample, samples),
});
/** Longer than a block, with a hole, and the outbound leg shorter than the inbound one. */
const LEGS = [
  stretch('inbound', 0, 100_001),
  stretch('inbound', 120_000, 180_007),
  stretch('outbound', 0, 150_000),
];
const LENGTH = 300_007;

async function samplesOf(ref: SessionRef, kind: RecordingKind): Promise<Int16Array> {
  const wav = await store.get(callKeys.recording(ref, kind));
  expect(parseWavHeader(wav)).toMatchObject({ format: 'pcm16', sampleRate: 16_000, channels: 1 });
  return new Int16Array(wav.slice(44).buffer);
}

async function sidecarOf(ref: SessionRef): Promise<RecordingSidecar> {
  return (await parts.callArchive.readSidecar(ref))!;
}

function expected(track: TestStretch['track']): Int16Array {
  const out = new Int16Array(LENGTH);
  for (const leg of LEGS) if (leg.track === track) out.set(leg.samples, leg.firstSample);
  return out;
}

describe('the recordings of a call', () => {
  it('are both legs to the sample and their clipped sum, of one length', async () => {
    const ref = await sessions.call(LEGS);
    await render(ref);
    const [inbound, outbound] = [expected('inbound'), expected('outbound')];
    expect(Buffer.compare(Buffer.from(inbound.buffer), bytes(await samplesOf(ref, 'inbound')))).toBe(0);
    expect(Buffer.compare(Buffer.from(outbound.buffer), bytes(await samplesOf(ref, 'outbound')))).toBe(0);
    const mixed = inbound.map((value, n) => Math.max(-32_768, Math.min(32_767, value + outbound[n]!)));
    expect(mixed.some((value) => value === 32_767) && mixed.some((value) => value === -32_768)).toBe(true);
    expect(Buffer.compare(Buffer.from(mixed.buffer), bytes(await samplesOf(ref, 'mixed')))).toBe(0);
    expect(await readdir(join(spool.path, 'not', 'yet'))).toEqual([]);
  });

  it('come with a sidecar that tells lengths, checksums, gaps, figures and when they go', async () => {
    const ref = await sessions.call(LEGS);
    const leg = { received: 10, insertedSilence: 3, dropped: 1 };
    const ended: CallEndedRecord = {
      v: 1,
      callId: CALL_ID,
      reason: 'hangup',
      connectedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:20.000Z',
      durationMs: 20_000,
      figures: { inbound: leg, outbound: { ...leg, dropped: 0 }, driftPpm: 12.5, listenerGaps: 0 },
    };
    await parts.callArchive.endCall('clinic', ended);
    await render(ref);
    const sidecar = await sidecarOf(ref);
    expect(sidecar).toMatchObject({
      callId: CALL_ID,
      lineId: 'lin_desk',
      sessionId: ref.sessionId,
      insertedSilence: { inbound: 3, outbound: 3 },
      dropped: { inbound: 1, outbound: 0 },
      driftPpm: 12.5,
      gaps: [{ track: 'inbound', from: 100_001, to: 120_000, reason: 'interrupted' }],
      expiresAt: '2026-01-31T00:00:00.000Z',
    });
    expect(sidecar.files.map((file) => file.kind)).toEqual(['inbound', 'outbound', 'mixed']);
    for (const file of sidecar.files) {
      const wav = await store.get(file.key);
      expect(file).toMatchObject({
        recordingId: `rec_${'c'.repeat(26)}_${file.kind}`,
        samples: LENGTH,
        durationMs: 18_750,
        sizeBytes: wav.length,
        sha256: createHash('sha256').update(wav).digest('hex'),
      });
    }
  });

  it('have no figures when the process that counted died', async () => {
    const ref = await sessions.call(LEGS);
    await render(ref);
    expect(await sidecarOf(ref)).toMatchObject({ insertedSilence: null, dropped: null, driftPpm: null });
  });

  it('of a call that just ended wait a moment for its figures', async () => {
    const ref = await sessions.call(LEGS);
    const soon = { ...parts, now: () => new Date('2026-01-01T00:00:05.000Z') };
    await expect(render(ref, CONTEXT, soon)).rejects.toThrow(RetryLater);
    await render(ref, { ...CONTEXT, mayPostpone: false }, soon);
    expect(await parts.callArchive.readSidecar(ref)).not.toBeNull();
  });

  it('are silent where one leg was never heard', async () => {
    const ref = await sessions.call([stretch('outbound', 0, 4000)]);
    await render(ref);
    expect(await samplesOf(ref, 'inbound')).toEqual(new Int16Array(4000));
    expect(await samplesOf(ref, 'mixed')).toEqual(computedAudio(OUT, 0, 4000));
  });

  it('are kept by the rule of the tenant', async () => {
    const policy = { v: 1 as const, keepAudioDays: 30, keepTranscriptDays: null };
    await parts.archive.writePolicy('clinic', { ...policy, keepRecordingDays: 0 });
    const [forEver, week] = [await sessions.call(LEGS), await sessions.call(LEGS)];
    await render(forEver);
    await parts.archive.writePolicy('clinic', { ...policy, keepRecordingDays: 7 });
    await render(week);
    expect((await sidecarOf(forEver)).expiresAt).toBeNull();
    expect((await sidecarOf(week)).expiresAt).toBe('2026-01-08T00:00:00.000Z');
  });

  it('are made once by two who make them at the same time', async () => {
    const ref = await sessions.call(LEGS);
    await Promise.all([render(ref), render(ref)]);
    const sidecar = await sidecarOf(ref);
    const again = { ...parts, now: () => new Date('2027-01-01T00:00:00.000Z') };
    await render(ref, CONTEXT, again);
    expect(await sidecarOf(ref)).toEqual(sidecar);
  });

  it('are not made of a call that never came about, that nobody wanted recorded, or that was erased', async () => {
    const silent = await sessions.call([]);
    const unwanted = await sessions.call(LEGS, { record: false });
    const erased = await sessions.call(LEGS);
    await parts.archive.createErased(erased, { v: 1, erasedAt: '2026-01-01T00:00:00.000Z' });
    for (const ref of [silent, unwanted, erased]) {
      await render(ref);
      expect(await store.head(callKeys.recording(ref, 'mixed'))).toBeNull();
      expect(await parts.callArchive.readSidecar(ref)).toBeNull();
    }
  });

  it('are not made again, and leave nothing behind, when they were removed meanwhile', async () => {
    const ref = await sessions.call(LEGS);
    await render(ref);
    const [, ...files] = (await sidecarOf(ref)).files;
    await store.remove(files.map((file) => file.key));
    await parts.callArchive.createRecordingsRemoved(ref, {
      v: 1,
      removedAt: '2026-01-02T00:00:00.000Z',
      by: 'request',
    });
    await render(ref);
    expect(await store.head(callKeys.recording(ref, 'mixed'))).toBeNull();
  });

  it('are not made of a segment that lost its end', async () => {
    const ref = await sessions.call(LEGS);
    const key = keys.segment(ref, { track: 'outbound', index: 2, firstSample: 0 });
    await store.put(key, (await store.get(key)).slice(0, 1000));
    await expect(render(ref)).rejects.toMatchObject({ code: 'internal_error' });
    expect(await parts.callArchive.readSidecar(ref)).toBeNull();
  });
});

describe('a session with a recording', () => {
  const pending = async (ref: SessionRef): Promise<boolean> =>
    (await parts.archive.readPending(ref)) !== null;

  it.each([
    ['transcript', 'recordings'],
    ['recordings', 'transcript'],
  ])('is finished when it has both, first the %s and then the %s', async (first) => {
    await parts.archive.createWebhook(WEBHOOK);
    const ref = await sessions.call(LEGS);
    const steps = first === 'transcript' ? [assemble, render] : [render, assemble];
    await steps[0]!(ref);
    expect(await pending(ref)).toBe(true);
    await steps[1]!(ref);
    expect(await pending(ref)).toBe(false);
    expect(parts.calls.filter((call) => call === 'webhook call.recording.ready')).not.toHaveLength(0);
    expect(parts.calls).toContain('webhook session.partial');
  });

  it('is finished by its transcript alone when the call never came about', async () => {
    const ref = await sessions.call([]);
    await assemble(ref);
    expect(await pending(ref)).toBe(false);
    expect(await parts.archive.readTranscript(ref)).toMatchObject({ status: 'completed', text: '' });
  });
});

const WEBHOOK = {
  v: 1 as const,
  webhookId: 'whk_1',
  tenant: 'clinic',
  url: 'https://example.com',
  events: ['*' as const],
  secret: null,
  status: 'active' as const,
  createdAt: '2026-01-01T00:00:00.000Z',
};

function bytes(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
