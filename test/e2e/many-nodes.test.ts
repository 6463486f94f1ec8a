import { createIngestApp, type IngestApp, readIngestConfig } from '@earshot/ingest';
import { until } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { awaitResult, bytesOf, createSession, endSession, recordedBytes } from '../rig/calls.ts';
import { callsTo, type Rig, startRig } from '../rig/earshot.ts';
import { spokenSample } from '../rig/speech.ts';

let rig: Rig;
let second: IngestApp;
let other: Rig;

beforeAll(async () => {
  rig = await startRig({ engine: createScriptedEngine({ script: () => 'heard' }) });
  second = await createIngestApp(
    readIngestConfig({ ...rig.env, EARSHOT_JOURNAL_DIR: `${rig.folder.path}/journal-second` }),
  );
  const { url } = await second.start();
  other = {
    ...rig,
    origin: url,
    call: callsTo(url, rig.key),
  };
}, 60_000);
afterAll(async () => {
  await second.close();
  await rig.stop();
});

async function open(url: string): Promise<{ socket: WebSocket; closed: Promise<number> }> {
  const socket = new WebSocket(url);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, closed };
}

const received = async (node: Rig, id: string): Promise<number> => {
  const body = (await (await node.call(`/sessions/${id}`)).json()) as { status: string };
  return body.status === 'recording' ? 1 : 0;
};

describe('two ingest nodes on one Redis and one object store', () => {
  it('End on one node closes the live stream on the other and counts its tail', async () => {
    const pcm = bytesOf(spokenSample(4));
    const session = await createSession(rig, { upload_type: 'stream' });
    const { socket, closed } = await open(session.upload_url);
    socket.send(pcm);
    await until(async () => (await received(other, session.session_id)) === 1, { timeoutMs: 10_000 });
    const { audio_files: files } = await endSession(other, session.session_id);
    expect(files).toEqual(['0.wav']);
    expect(await closed).toBe(1000);
    const result = await awaitResult(other, session.session_id);
    expect(result).toMatchObject({ status: 'completed', transcript: 'heard' });
    expect(Buffer.compare(await recordedBytes(other, session.session_id), pcm)).toBe(0);
  }, 60_000);

  it('a newer connection on the other node takes over and continues the track', async () => {
    const samples = spokenSample(6);
    const session = await createSession(rig, { upload_type: 'stream' });
    const first = await open(session.upload_url);
    first.socket.send(bytesOf(samples.subarray(0, 48_000)));
    await until(async () => (await received(rig, session.session_id)) === 1, { timeoutMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const next = await open(
      session.upload_url.replace(rig.origin.replace('http', 'ws'), other.origin.replace('http', 'ws')),
    );
    expect(await first.closed).toBe(4409);
    next.socket.send(bytesOf(samples.subarray(48_000)));
    next.socket.send('{"event":"stop"}');
    expect(await next.closed).toBe(1000);
    await endSession(rig, session.session_id);
    await awaitResult(rig, session.session_id);
    expect(Buffer.compare(await recordedBytes(rig, session.session_id), bytesOf(samples))).toBe(0);
  }, 60_000);

  it('a waiting poll on one node is answered when a worker finishes, without waiting its time out', async () => {
    const session = await createSession(rig, { upload_type: 'single' });
    await endSession(rig, session.session_id);
    const began = Date.now();
    const answer = await other.call(`/sessions/${session.session_id}?wait=14`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'failed', error: { code: 'audio_too_short' } });
    expect(Date.now() - began).toBeLessThan(8000);
  }, 60_000);
});
