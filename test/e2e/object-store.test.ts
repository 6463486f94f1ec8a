import { encodeWav } from '@earshot/audio';
import { startMinio, type TestMinio } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  awaitResult,
  bytesOf,
  createSession,
  cut,
  endSession,
  recordedBytes,
  streamMessages,
} from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';
import { spokenSample } from '../rig/speech.ts';

const minio: TestMinio | null = await startMinio();
const describeS3 = minio === null ? describe.skip : describe;
let rig: Rig;

describeS3('with a real S3 server as object store', () => {
  beforeAll(async () => {
    if (minio === null) return;
    process.env['AWS_ACCESS_KEY_ID'] = minio.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = minio.secretAccessKey;
    const query = new URLSearchParams({
      endpoint: minio.endpoint,
      region: minio.region,
      create_bucket: 'true',
    });
    rig = await startRig({
      engine: createScriptedEngine({ script: ({ seconds }) => `heard ${Math.round(seconds)}` }),
      env: { EARSHOT_OBJECT_STORE: `s3://${minio.bucket}?${query.toString()}` },
    });
  }, 60_000);
  afterAll(async () => {
    await rig.stop();
    await minio?.stop();
  });

  it('a stream goes all the way to its transcript and its recording', async () => {
    const pcm = bytesOf(spokenSample(30));
    const session = await createSession(rig, { upload_type: 'stream' });
    expect(await streamMessages(session.upload_url, cut(pcm, [3200]))).toBe(1000);
    await endSession(rig, session.session_id);
    const result = await awaitResult(rig, session.session_id);
    expect(result.status).toBe('completed');
    expect(result.transcript).toMatch(/heard 1\d/);
    expect(Buffer.compare(await recordedBytes(rig, session.session_id), pcm)).toBe(0);
  }, 120_000);

  it('uploads do too, and erasing leaves nothing to read', async () => {
    const session = await createSession(rig, { upload_type: 'single' });
    const uploaded = await rig.call(`/sessions/${session.session_id}/audio/visit.wav`, {
      method: 'POST',
      headers: { 'content-type': 'audio/wav' },
      body: encodeWav(spokenSample(12), 16_000),
    });
    expect(uploaded.status).toBe(200);
    await endSession(rig, session.session_id);
    expect((await awaitResult(rig, session.session_id)).status).toBe('completed');
    const erase = () => rig.call(`/sessions/${session.session_id}`, { method: 'DELETE' });
    const receipt: unknown = await (await erase()).json();
    expect(receipt).toMatchObject({ session_id: session.session_id, removed: { index: true } });
    expect(await (await erase()).json()).toEqual(receipt);
    expect((await rig.call(`/sessions/${session.session_id}`)).status).toBe(404);
    expect((await rig.call(`/sessions/${session.session_id}/audio`)).status).toBe(404);
  }, 120_000);
});

if (minio === null) {
  describe('without a MinIO server on this machine', () => {
    it('the S3 half of this suite is left out', () => {
      expect(minio).toBeNull();
    });
  });
}
