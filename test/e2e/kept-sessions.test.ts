import { createHash } from 'node:crypto';
import type { SessionRef } from '@earshot/protocol';
import { verifySession } from '@earshot/sessions';
import { createSessionArchive, keys, type ObjectStore, openObjectStore } from '@earshot/storage';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitResult, bytesOf, createSession, cut, endSession, streamMessages } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';
import { ask, codeOf } from '../rig/session-calls.ts';
import { spokenSample } from '../rig/speech.ts';

let rig: Rig;
let store: ObjectStore;
beforeAll(async () => {
  rig = await startRig({ engine: createScriptedEngine({ script: () => 'heard' }) });
  store = openObjectStore(rig.env['EARSHOT_OBJECT_STORE'] ?? '');
}, 60_000);
afterAll(async () => {
  await store.close();
  await rig.stop();
});

async function streamed(pcm: Uint8Array): Promise<SessionRef> {
  const session = await createSession(rig, { upload_type: 'stream' });
  await streamMessages(session.upload_url, cut(pcm, [3200]));
  await endSession(rig, session.session_id);
  expect((await awaitResult(rig, session.session_id)).status).toBe('completed');
  return { tenant: 'default', sessionId: session.session_id };
}

const verdict = (ref: SessionRef) =>
  verifySession(
    {
      truth: createSessionArchive(store),
      readObject: (key) => store.get(key),
      hashObject: () => Promise.resolve(null),
      async *listKeys(of) {
        for await (const { key } of store.listAll(keys.sessionRoot(of))) yield key;
      },
    },
    ref,
  );

describe('a session that is kept', () => {
  it('shows the digest of what was sent, and verifies from the store alone', async () => {
    const pcm = bytesOf(spokenSample(30));
    const ref = await streamed(pcm);
    const { body } = await ask(rig, `/sessions/${ref.sessionId}`);
    expect(body['coverage']).toMatchObject({
      gaps: [],
      digests: [
        { track: 'main', samples: pcm.length / 2, sha256: createHash('sha256').update(pcm).digest('hex') },
      ],
    });
    expect(await verdict(ref)).toMatchObject({ state: 'ok' });
  }, 120_000);

  it('says that its audio is gone when its time was over, and keeps its transcript', async () => {
    const ref = await streamed(bytesOf(spokenSample(12)));
    const archive = createSessionArchive(store);
    const removedAt = new Date().toISOString();
    await archive.createAudioRemoved(ref, { v: 1, removedAt, ...(await archive.measureAudio(ref)) });
    await archive.removeAudio(ref);
    for (const accept of ['audio/wav', 'application/json']) {
      const answer = await ask(rig, `/sessions/${ref.sessionId}/audio`, { headers: { accept } });
      expect([answer.status, codeOf(answer)]).toEqual([410, 'audio_removed']);
    }
    expect((await ask(rig, `/sessions/${ref.sessionId}/transcript`)).status).toBe(200);
    expect(await verdict(ref)).toMatchObject({ state: 'ok' });
  }, 120_000);

  it('is gone with a receipt when it is erased, jobs and all', async () => {
    const ref = await streamed(bytesOf(spokenSample(12)));
    const receipt = await ask(rig, `/sessions/${ref.sessionId}`, { method: 'DELETE' });
    expect([receipt.status, receipt.body]).toMatchObject([
      200,
      { session_id: ref.sessionId, removed: { index: true }, journal: 'none' },
    ]);
    expect((await ask(rig, `/sessions/${ref.sessionId}`, { method: 'DELETE' })).body).toEqual(receipt.body);
    expect(await verdict(ref)).toMatchObject({
      state: 'ok',
      findings: [expect.stringMatching(/^erased on/)],
    });
  }, 120_000);
});
