import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { decodePcm16le, encodeWav, parseWavHeader } from '@earshot/audio';
import { wordErrorRate } from '@earshot/transcription';
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

/** The first 25.5 s of the spoken sample: two segments. */
const SECONDS = 25.5;
const RATE = 16_000;

let rig: Rig;
let samples: Int16Array;
let pcm: Uint8Array;

beforeAll(async () => {
  rig = await startRig();
  const wav = readFileSync(new URL('../fixtures/speech/consultation.wav', import.meta.url));
  const header = parseWavHeader(wav);
  expect(header).toMatchObject({ sampleRate: RATE, channels: 1, format: 'pcm16' });
  samples = decodePcm16le(wav.subarray(header.dataOffset, header.dataOffset + SECONDS * RATE * 2));
  pcm = bytesOf(samples);
}, 60_000);
afterAll(() => rig.stop());

interface Outcome {
  readonly segments: readonly { first_sample: number; samples: number; sha256: string }[];
  readonly transcript: string;
  readonly audio: Uint8Array;
}

async function finish(sessionId: string): Promise<Outcome> {
  await endSession(rig, sessionId);
  const result = await awaitResult(rig, sessionId);
  expect(result.status).toBe('completed');
  expect(result.coverage.tracks).toMatchObject([
    { receivedSamples: samples.length, gapSamples: 0, ratio: 1 },
  ]);
  const segments = result.segments.map(({ first_sample, samples: length, sha256 }) => ({
    first_sample,
    samples: length,
    sha256,
  }));
  return { segments, transcript: result.transcript, audio: await recordedBytes(rig, sessionId) };
}

async function bySocket(): Promise<Outcome> {
  const session = await createSession(rig, { upload_type: 'stream' });
  expect(await streamMessages(session.upload_url, cut(pcm, [1, 640, 7, 3333, 2, 32_001]))).toBe(1000);
  return finish(session.session_id);
}

async function byBody(): Promise<Outcome> {
  const session = await createSession(rig, { upload_type: 'stream' });
  const answer = await fetch(session.upload_url.replace(/^ws/, 'http'), {
    method: 'PUT',
    headers: { 'content-type': 'audio/l16;rate=16000' },
    body: Readable.toWeb(Readable.from(cut(pcm, [9999, 1, 123]))) as ReadableStream,
    duplex: 'half',
  });
  expect(await answer.json()).toMatchObject({ received_bytes: pcm.length, received_samples: samples.length });
  return finish(session.session_id);
}

async function byUploads(): Promise<Outcome> {
  const session = await createSession(rig, { upload_type: 'chunked' });
  const chunk = 10 * RATE;
  for (let at = 0, sequence = 0; at < samples.length; at += chunk, sequence++) {
    const answer = await rig.call(`/sessions/${session.session_id}/audio/audio_${sequence}.wav`, {
      method: 'POST',
      headers: { 'content-type': 'audio/wav' },
      body: encodeWav(samples.subarray(at, at + chunk), RATE),
    });
    expect(answer.status).toBe(200);
  }
  return finish(session.session_id);
}

describe('the same voice by socket, by HTTP body and by uploaded files', () => {
  it('is stored byte for byte alike and gives the same transcript', async () => {
    const [socket, body, uploads] = await Promise.all([bySocket(), byBody(), byUploads()]);
    expect(socket.segments.length).toBeGreaterThanOrEqual(2);
    expect(body.segments).toEqual(socket.segments);
    expect(uploads.segments).toEqual(socket.segments);
    for (const outcome of [socket, body, uploads]) expect(Buffer.compare(outcome.audio, pcm)).toBe(0);
    expect(body.transcript).toBe(socket.transcript);
    expect(uploads.transcript).toBe(socket.transcript);
    const said = readFileSync(new URL('../fixtures/speech/consultation.txt', import.meta.url), 'utf8');
    const heard = socket.transcript.split(/\s+/).length;
    const expected = said.split(/\s+/).slice(0, heard).join(' ');
    expect(wordErrorRate(expected, socket.transcript)).toBeLessThan(0.3);
  }, 180_000);

  it('gives its transcript as text, subtitles and JSON', async () => {
    const { segments } = await byBody();
    const list = (await (await rig.call('/sessions?limit=1')).json()) as {
      sessions: { session_id: string }[];
    };
    const id = list.sessions[0]?.session_id ?? '';
    const text = await (await rig.call(`/sessions/${id}/transcript?format=txt`)).text();
    const vtt = await (await rig.call(`/sessions/${id}/transcript?format=vtt`)).text();
    const srt = await (await rig.call(`/sessions/${id}/transcript?format=srt`)).text();
    expect(text).toMatch(/patient/);
    expect(vtt).toMatch(/^WEBVTT\n\n(?:.+\n)?00:00:0/);
    expect(srt).toMatch(/^1\n00:00:0\d,\d{3} --> /);
    expect(segments.length).toBeGreaterThan(0);
  }, 120_000);
});
