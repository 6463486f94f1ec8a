import { createHash } from 'node:crypto';
import { encodeWav } from '@earshot/audio';
import {
  CreateSessionRequest,
  type Gap,
  type Manifest,
  RECORDING_KINDS,
  type RecordingFile,
  type RecordingKind,
  type SegmentEntry,
  type SessionRef,
  type UploadReceipt,
} from '@earshot/protocol';
import { coverageOf } from '@earshot/sessions';
import {
  callKeys,
  createCallArchive,
  createFolderStore,
  createSessionArchive,
  keys,
  type ObjectStore,
} from '@earshot/storage';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verify } from './verify.ts';

const AT = '2026-01-01T00:00:00.000Z';
const RATE = 16_000;
const SAMPLES = 4000;
const HOLE: Gap = { track: 'main', from: 2 * SAMPLES, to: 3 * SAMPLES, reason: 'corrupt' };
const ref: SessionRef = { tenant: 'default', sessionId: 'ses_verified_session1' };
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: TemporaryFolder;
let store: ObjectStore;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

async function run(...args: string[]) {
  const printed: string[] = [];
  const complained: string[] = [];
  const output = {
    print: (line: string) => void printed.push(line),
    complain: (line: string) => void complained.push(line),
  };
  return { code: await verify({ objectStore: `file:${folder.path}` }, args, output), printed, complained };
}

async function segment(index: number): Promise<SegmentEntry> {
  const firstSample = index * SAMPLES;
  const key = keys.segment(ref, { track: 'main', index, firstSample });
  const wav = encodeWav(computedAudio(3, firstSample, SAMPLES), RATE);
  await store.put(key, wav);
  return {
    track: 'main',
    index,
    key,
    sampleRate: RATE,
    firstSample,
    samples: SAMPLES,
    sha256: sha256(wav),
    cut: 'pause',
    speechRatio: 1,
    levelDb: -20,
    speech: true,
  };
}

/** The digest of the track as its definition has it, made without the code under test. */
function digestOf(segments: readonly SegmentEntry[], samples: number): string {
  const pcm = Buffer.alloc(samples * 2);
  for (const { firstSample } of segments) {
    for (const [at, value] of computedAudio(3, firstSample, SAMPLES).entries()) {
      pcm.writeInt16LE(value, (firstSample + at) * 2);
    }
  }
  return sha256(pcm);
}

interface Told {
  readonly gaps?: Gap[];
  readonly status?: 'completed' | 'partial';
  readonly uploads?: UploadReceipt[];
}

/** A session that ended and was transcribed; a test changes what it wants wrong. */
async function ended(indexes: number[], { gaps = [], status = 'completed', uploads = [] }: Told = {}) {
  const segments = await Promise.all(indexes.map(segment));
  const samples = Math.max(0, ...segments.map((one) => one.firstSample + one.samples));
  const manifest: Manifest = {
    v: 1,
    ...ref,
    endedAt: AT,
    uploads,
    segments,
    gaps,
    coverage: coverageOf(segments, gaps),
    issues: [],
    ...(uploads.length > 0
      ? {}
      : { digests: [{ track: 'main' as const, samples, sha256: digestOf(segments, samples) }] }),
    answer: {
      session_id: ref.sessionId,
      status: 'processing',
      message: 'Session ended.',
      audio_files_received: indexes.length,
      audio_files: [],
    },
  };
  const archive = createSessionArchive(store);
  await archive.createSession({
    v: 1,
    ...ref,
    streamId: null,
    createdAt: AT,
    expiresAt: AT,
    createdBy: 'key_1',
    test: false,
    request: CreateSessionRequest.parse({ upload_type: 'stream' }),
    userStatus: null,
    processingStatus: null,
  });
  await archive.createManifest(manifest);
  await archive.createTranscript({
    v: 1,
    ...ref,
    status,
    completedAt: AT,
    modelUsed: 'lite',
    engine: 'none',
    engineModel: 'none',
    engineVersion: 'none',
    languageDetected: null,
    text: '',
    utterances: [],
    templates: {},
    processingErrors: [],
    segmentsTotal: indexes.length,
    segmentsFailed: 0,
    audioFilesProcessed: 0,
  });
  return { archive, manifest, segments };
}

const rewrite = (manifest: Manifest): Promise<unknown> =>
  store.put(keys.manifest(ref), new TextEncoder().encode(JSON.stringify(manifest)));

async function expectWrong(sentence: RegExp): Promise<void> {
  const { code, printed } = await run(ref.sessionId);
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatch(/^wrong default\/ses_verified_session1 /);
  expect(printed[0]).toMatch(sentence);
  expect(code).toBe(1);
}

describe('earshot verify', () => {
  it('says in one line that all is well, and what there is', async () => {
    await ended([0, 1]);
    expect(await run(ref.sessionId)).toEqual({
      code: 0,
      printed: [
        'ok    default/ses_verified_session1  main 0.500 s, 2 segments, no gaps, digests equal, transcript completed',
      ],
      complained: [],
    });
  });

  it('takes a hole for what it is when the ledger names it', async () => {
    await ended([0, 1, 3], { gaps: [HOLE], status: 'partial' });
    const { code, printed } = await run(ref.sessionId);
    expect([code, printed[0]]).toEqual([
      0,
      expect.stringMatching(/1 gaps, digests equal, transcript partial$/),
    ]);
  });

  it('finds one flipped byte, wherever it is', async () => {
    const { segments } = await ended([0, 1]);
    const key = segments[1]!.key;
    const wav = await store.get(key);
    for (const at of [0, 30, 44, wav.length - 1]) {
      const damaged = Uint8Array.from(wav);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await store.put(key, damaged);
      await expectWrong(/segment main 1 is not what its SHA-256 says/);
    }
    await store.put(key, wav);
    expect((await run(ref.sessionId)).code).toBe(0);
  });

  it('finds a missing object, an extra one, and one that is cut short', async () => {
    const { segments } = await ended([0, 1]);
    await store.remove([segments[0]!.key]);
    await expectWrong(/segment main 0 is missing; the digest of main is another/);
    await segment(0);
    const extra = await segment(2);
    await expectWrong(new RegExp(`${extra.key} is stored, but not in the manifest$`));
    await store.remove([extra.key]);
    await store.put(segments[1]!.key, (await store.get(segments[1]!.key)).subarray(0, -2));
    await expectWrong(/segment main 1 has another number of samples|segment main 1 is no WAV file/);
  });

  it('finds a hole that the ledger does not name, overlaps, and sums that do not hold', async () => {
    const { manifest } = await ended([0, 1, 3], { gaps: [HOLE], status: 'partial' });
    await rewrite({ ...manifest, gaps: [] });
    await expectWrong(/main 8000 to 12000 is neither stored nor a gap/);
    const [coverage] = manifest.coverage;
    await rewrite({ ...manifest, coverage: [{ ...coverage!, storedSamples: coverage!.storedSamples + 1 }] });
    await expectWrong(/the coverage of main is not what its segments and gaps add up to/);
    const [first, second] = manifest.segments;
    await rewrite({
      ...manifest,
      segments: [first!, { ...second!, firstSample: 3999 }, manifest.segments[2]!],
    });
    await expectWrong(/main 1 begins before the segment in front of it ends/);
  });

  it('finds a digest of something else, and one that is missing', async () => {
    const { manifest } = await ended([0, 1]);
    const [digest] = manifest.digests!;
    await rewrite({ ...manifest, digests: [{ ...digest!, sha256: 'f'.repeat(64) }] });
    await expectWrong(/the digest of main is another/);
    await rewrite({ ...manifest, digests: [] });
    await expectWrong(/main has no digest/);
  });

  it('finds files that are not what was received', async () => {
    const bytes = new TextEncoder().encode('a recording');
    const key = keys.upload(ref, 0, 'webm');
    const receipt: UploadReceipt = {
      sequence: 0,
      key,
      name: '0.webm',
      originalFilename: '0.webm',
      format: 'webm',
      contentType: 'audio/webm',
      bytes: bytes.length,
      sha256: sha256(bytes),
      receivedAt: AT,
    };
    await store.put(key, bytes);
    const { archive } = await ended([], { uploads: [receipt] });
    expect((await run(ref.sessionId)).code).toBe(0);
    await archive.createUpload(ref, { ...receipt, sequence: 1, name: '1.webm' });
    await store.put(key, bytes.subarray(1));
    await expectWrong(/file 0.webm is not what its SHA-256 says; file 1.webm has a receipt/);
    await store.remove([key]);
    await expectWrong(/file 0.webm is missing/);
  });

  it('does not take a session with a gap for complete, nor one without a transcript for finished', async () => {
    await ended([0, 1, 3], { gaps: [HOLE] });
    await expectWrong(/completed in spite of gaps/);
    await store.remove([keys.transcript(ref)]);
    await expectWrong(/no transcript/);
  });

  it('names the document that cannot be read, and sessions that are not there', async () => {
    await ended([0]);
    await store.put(keys.manifest(ref), new TextEncoder().encode('{'));
    await expectWrong(/could not be understood. \(default\/ses_verified_session1\/manifest.json\)/);
    const absent = await run('ses_never_was_there1');
    expect([absent.code, absent.printed[0]]).toEqual([1, expect.stringMatching(/no such session$/)]);
  });

  it('knows what is left of an erased session, and of one without its audio', async () => {
    const { archive, segments } = await ended([0, 1]);
    await archive.createAudioRemoved(ref, { v: 1, removedAt: AT, objects: 2, bytes: 1 });
    await expectWrong(/audio removed, but .*000000-000000000000.wav is left/);
    await archive.removeAudio(ref);
    expect((await run(ref.sessionId)).printed[0]).toMatch(/audio removed on 2026.*, transcript completed$/);
    await archive.createErased(ref, { v: 1, erasedAt: AT });
    await expectWrong(/erased, but .*manifest.json is left/);
    await archive.eraseSession(ref);
    expect((await run(ref.sessionId)).code).toBe(0);
    expect(segments).toHaveLength(2);
  });

  it('holds the recordings of a call against their sidecar, also after the audio of the session went', async () => {
    const { archive } = await ended([0, 1]);
    const wav = encodeWav(computedAudio(4, 0, SAMPLES), RATE);
    const file = (kind: RecordingKind): RecordingFile => ({
      recordingId: `rec_${kind}`,
      kind,
      key: callKeys.recording(ref, kind),
      contentType: 'audio/wav',
      sizeBytes: wav.length,
      durationMs: 250,
      samples: SAMPLES,
      sha256: sha256(wav),
    });
    const calls = createCallArchive(store);
    for (const kind of RECORDING_KINDS) await store.put(file(kind).key, wav);
    await calls.createSidecar(ref, {
      v: 1,
      callId: 'call_1',
      lineId: 'lin_1',
      sessionId: ref.sessionId,
      sampleRate: 16_000,
      files: RECORDING_KINDS.map(file),
      mix: 'clipped sum of inbound and outbound',
      insertedSilence: null,
      dropped: null,
      driftPpm: null,
      gaps: [],
      createdAt: AT,
      expiresAt: null,
    });
    expect((await run(ref.sessionId)).printed[0]).toMatch(/^ok .*, 3 recordings, transcript completed$/);
    await store.put(file('mixed').key, encodeWav(computedAudio(5, 0, SAMPLES), RATE));
    await expectWrong(/recording mixed is not what its SHA-256 says/);
    await store.put(file('mixed').key, wav);
    await store.remove([file('inbound').key]);
    await expectWrong(/recording inbound is missing/);
    await store.put(file('inbound').key, wav);
    await archive.createAudioRemoved(ref, { v: 1, removedAt: AT, objects: 2, bytes: 1 });
    await archive.removeAudio(ref);
    expect((await run(ref.sessionId)).printed[0]).toMatch(/^ok .*audio removed on .*, 3 recordings/);
    await calls.createRecordingsRemoved(ref, { v: 1, removedAt: AT, by: 'request' });
    await expectWrong(/recordings removed, but .*inbound.wav is left/);
    await store.remove(RECORDING_KINDS.map((kind) => file(kind).key));
    expect((await run(ref.sessionId)).printed[0]).toMatch(/recordings removed on 2026/);
  });

  it('goes through all sessions, and fails when one is wrong', async () => {
    const { archive, segments } = await ended([0, 1]);
    await archive.createErased(
      { tenant: 'clinic', sessionId: 'ses_erased_session_1' },
      { v: 1, erasedAt: AT },
    );
    expect((await run('--all')).printed.at(-1)).toBe('2 ok, 0 wrong, 0 not ended');
    await store.remove([segments[0]!.key]);
    expect(await run('--all')).toMatchObject({ code: 1 });
    expect((await run('--all', '--tenant', 'clinic')).code).toBe(0);
  });

  it.each([[[]], [['a', 'b']], [['--all', 'a']], [['x', '--tenant', '../y']]])(
    'shows its usage for %p',
    async (args) => {
      const { code, complained } = await run(...args);
      expect([code, complained[0]]).toEqual([1, expect.stringMatching(/^Usage: earshot verify SESSION/)]);
    },
  );
});
