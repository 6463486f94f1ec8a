import { encodePcm16le, encodeWav } from '@earshot/audio';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { cut, recordedBytes, sha256 } from '../rig/calls.ts';
import { encodeAs } from '../rig/containers.ts';
import { SCRIBED_TEXT, type ScribedRig, startScribedRig } from '../rig/scribed.ts';
import {
  type Answer,
  ask,
  codeOf,
  end,
  newSession,
  readAnswer,
  result,
  upload,
} from '../rig/session-calls.ts';
import { spokenSample } from '../rig/speech.ts';
import { storedObjects } from '../rig/stored-objects.ts';

/** How long the published streaming client waits for the server to close, ms. */
const CLIENT_PATIENCE_MS = 10_000;

let rig: ScribedRig;
let samples: Int16Array;
let wav: Uint8Array;

beforeAll(async () => {
  rig = await startScribedRig();
  samples = spokenSample(5);
  wav = encodeWav(samples, 16_000);
}, 60_000);
afterAll(() => rig.stop());

/** Sends frames as the client does, then waits no longer than it does for the server to close. */
async function streamLikeTheSdk(url: string, frames: Iterable<Uint8Array | string>) {
  const received: unknown[] = [];
  const socket = new WebSocket(url);
  socket.on('message', (data) => received.push(data));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  for (const frame of frames) socket.send(frame);
  const stoppedAt = Date.now();
  socket.send('{"event":"stop"}');
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const patience = new Promise<'stalled'>((resolve) => {
    setTimeout(() => resolve('stalled'), CLIENT_PATIENCE_MS).unref();
  });
  const code = await Promise.race([closed, patience]);
  socket.terminate();
  return { code, received, ms: Date.now() - stoppedAt, protocol: socket.protocol };
}

describe('the published streaming client', () => {
  it('logs in, streams binary frames with no credential, stops, ends with 0 files and polls to 200', async () => {
    const login = await readAnswer(
      await fetch(`${rig.origin}/connect-auth/v1/account/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_id: rig.ingest.bootstrapKeyId, client_secret: rig.key }),
      }),
    );
    expect(login).toMatchObject({ status: 200, body: { expires_in: 1800, token_type: 'Bearer' } });
    const authorization = `Bearer ${String(login.body['access_token'])}`;
    const request = { upload_type: 'stream', communication_protocol: 'websocket', templates: ['transcript'] };
    const { id, uploadUrl } = await newSession(
      rig,
      { ...request, model: 'lite', session_mode: 'consultation', language_hint: ['en'], additional_data: {} },
      { authorization },
    );
    const pcm = encodePcm16le(samples);
    const stream = await streamLikeTheSdk(uploadUrl, cut(pcm, [3200]));
    expect(stream).toMatchObject({ code: 1000, received: [], protocol: '' });
    expect(stream.ms).toBeLessThan(5000);
    // What was flushed before the close is there for an End that follows at once.
    const ended = await ask(rig, `/sessions/${id}/end`, {
      json: { audio_files_sent: 0 },
      headers: { authorization },
    });
    expect([200, 202]).toContain(ended.status);
    expect(ended.body).toMatchObject({ audio_files_received: 1, audio_files: ['0.wav'] });
    const answer = await result(rig, id, { headers: { authorization } });
    expect(answer).toMatchObject({ status: 200, body: { status: 'completed', transcript: SCRIBED_TEXT } });
    expect(sha256(await recordedBytes(rig, id))).toBe(sha256(pcm));
  });

  it('streams the JSON envelope, whose stream id is only decoration', async () => {
    const { id, uploadUrl } = await newSession(rig, { upload_type: 'stream', templates: ['transcript'] });
    const pcm = encodePcm16le(samples);
    const media = [...cut(pcm, [6400])].map((piece) =>
      JSON.stringify({ event: 'media', media: { payload: Buffer.from(piece).toString('base64') } }),
    );
    const mediaFormat = { encoding: 'audio/x-l16', sampleRate: 16_000 };
    const start = JSON.stringify({ event: 'start', start: { streamId: 'str_of_mine', mediaFormat } });
    expect(await streamLikeTheSdk(uploadUrl, [start, ...media])).toMatchObject({ code: 1000, received: [] });
    await end(rig, id, { audio_files_sent: 0 });
    expect((await result(rig, id)).status).toBe(200);
    expect(sha256(await recordedBytes(rig, id))).toBe(sha256(pcm));
  });

  it('refreshes its tokens, and is told when one is no good', async () => {
    const post = async (path: string, json: object) =>
      readAnswer(
        await fetch(`${rig.origin}/connect-auth/v1/account/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(json),
        }),
      );
    const login = { client_id: rig.ingest.bootstrapKeyId, client_secret: rig.key };
    const first = (await post('login', login)).body;
    const { refresh_token, access_token } = first;
    const second = await post('refresh-token', { refresh_token, access_token });
    expect(second.status).toBe(200);
    expect(second.headers.get('cache-control')).toBe('no-store');
    expect(second.body['access_token']).not.toBe(access_token);
    const headers = { authorization: `Bearer ${String(second.body['access_token'])}` };
    expect((await ask(rig, '/templates', { headers })).status).toBe(200);
    for (const wrong of [
      await post('login', { ...login, client_secret: `${rig.key}x` }),
      await post('login', { ...login, client_id: 'key_of_someone_else' }),
      await post('refresh-token', { refresh_token: access_token }),
      await post('refresh-token', { refresh_token: 'nonsense' }),
      await ask(rig, '/templates', { headers: { authorization: `Bearer ${String(refresh_token)}` } }),
    ]) {
      expect(wrong.status).toBe(401);
      expect(['invalid_api_key', 'authentication_failed']).toContain(codeOf(wrong));
    }
  });
});

describe('the published browser client', () => {
  const origin = 'http://localhost:3000';

  it('is let in by the preflight with its own origin and credentials', async () => {
    const { id, uploadUrl } = await newSession(rig, { upload_type: 'chunked' });
    const targets: [string, string, string][] = [
      [`${rig.origin}/voice/v1/sessions`, 'POST', 'authorization,content-type'],
      [`${uploadUrl}/audio_0.webm`, 'POST', 'authorization,content-type'],
      [`${rig.origin}/voice/v1/sessions/${id}`, 'PATCH', 'authorization,content-type,msa-version'],
      [`${rig.origin}/voice/v1/sessions/${id}`, 'GET', 'authorization'],
    ];
    for (const [url, method, headers] of targets) {
      const preflight = await fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': headers,
        },
      });
      expect([preflight.ok, preflight.headers.get('access-control-allow-origin')]).toEqual([true, origin]);
      expect(preflight.headers.get('access-control-allow-credentials')).toBe('true');
      expect(preflight.headers.get('access-control-allow-methods')).toContain(method);
      expect(preflight.headers.get('access-control-allow-headers')?.split(/, ?/)).toEqual(headers.split(','));
    }
    for (const answer of [
      await ask(rig, `/sessions/${id}`, { headers: { origin } }),
      await ask(rig, '/sessions/unknown-session-0', { headers: { origin } }),
    ]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  it('is not let in from a page that nobody listed', async () => {
    const { headers } = await ask(rig, '/templates', { headers: { origin: 'https://elsewhere.example' } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each([
    ['the name in the path', '/audio_0.webm'],
    ['the name in the form only', ''],
  ])('posts a form labelled as audio, %s, and the server keeps the audio alone', async (_name, path) => {
    const webm = await encodeAs('webm', samples);
    const { id, uploadUrl } = await newSession(rig, { upload_type: 'chunked', templates: [] });
    const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW';
    const disposition = 'Content-Disposition: form-data; name="file"; filename="audio_0.webm"';
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\n${disposition}\r\nContent-Type: audio/webm;codecs=opus\r\n\r\n`),
      webm,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const uploaded = await fetch(uploadUrl + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.key}`, 'content-type': 'audio/webm;codecs=opus', origin },
      body,
    });
    const { status, body: told } = await readAnswer(uploaded);
    expect([status, told]).toEqual([200, expect.objectContaining({ original_filename: 'audio_0.webm' })]);
    expect(Object.values(await storedObjects(rig))).toContain(sha256(webm));
    expect(Object.values(await storedObjects(rig))).not.toContain(sha256(body));
    await end(rig, id, { audio_files_sent: 1, audio_files_uploaded: ['audio_0.webm'] });
    const answer = await result(rig, id);
    expect(answer).toMatchObject({
      status: 200,
      body: { audio_files: ['0.webm'], transcript: SCRIBED_TEXT },
    });
  });

  it.each([['audio/mpeg'], ['application/octet-stream']])(
    'labels a form with MP3 in it as WebM, the part as %s, and is taken by what the file is',
    async (type) => {
      const { id, uploadUrl } = await newSession(rig, { upload_type: 'single', templates: [] });
      const body = Buffer.concat([
        Buffer.from('------edge\r\nContent-Disposition: form-data; name="file"; filename="audio_0.mp3"\r\n'),
        Buffer.from(`Content-Type: ${type}\r\n\r\n`),
        await encodeAs('mp3', samples),
        Buffer.from('\r\n------edge--\r\n'),
      ]);
      const headers = { authorization: `Bearer ${rig.key}`, 'content-type': 'audio/webm;codecs=opus' };
      const uploaded = await fetch(`${uploadUrl}/audio_0.mp3`, { method: 'POST', headers, body });
      expect([uploaded.status, (await readAnswer(uploaded)).body['filename']]).toEqual([200, '0.mp3']);
      await end(rig, id, { audio_files_sent: 1, audio_files_uploaded: 1 });
      expect(await result(rig, id)).toMatchObject({ status: 200, body: { processing_errors: [] } });
    },
  );
});

describe('a script that posts a form', () => {
  it('need not name the type of its file', async () => {
    const { id, uploadUrl } = await newSession(rig, { upload_type: 'chunked' });
    const body = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="audio_0.wav"\r\n\r\n'),
      wav,
      Buffer.from('\r\n--x--\r\n'),
    ]);
    const headers = { authorization: `Bearer ${rig.key}`, 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await readAnswer(await fetch(uploadUrl, { method: 'POST', headers, body }));
    expect(answer).toMatchObject({ status: 200, body: { filename: '0.wav', size_bytes: wav.length } });
    expect((await ask(rig, `/sessions/${id}`)).body['audio_files']).toEqual(['0.wav']);
  });
});

describe('every published way to send a key', () => {
  const key = (): string => rig.key;
  it.each<[string, () => Record<string, string>]>([
    ['Authorization: Bearer', () => ({ authorization: `Bearer ${key()}` })],
    ['authorization: bearer', () => ({ authorization: `bearer ${key()}` })],
    ['X-API-Key', () => ({ 'x-api-key': key() })],
    ['Authorization: X-API-Key', () => ({ authorization: `X-API-Key ${key()}` })],
    ['Authorization with the bare key', () => ({ authorization: key() })],
    ['both headers, alike', () => ({ authorization: `Bearer ${key()}`, 'x-api-key': key() })],
  ])('%s is taken', async (_name, headers) => {
    const answer = await fetch(`${rig.origin}/voice/v1/templates`, { headers: headers() });
    expect(answer.status).toBe(200);
  });

  it('leaves no doubt when two differ, or none is there, or it stands in the URL', async () => {
    const get = async (path: string, headers: Record<string, string> = {}) =>
      readAnswer(await fetch(`${rig.origin}/voice/v1${path}`, { headers }));
    const two = await get('/templates', {
      authorization: `Bearer ${key()}`,
      'x-api-key': 'sk_live_other_one',
    });
    expect([two.status, codeOf(two)]).toEqual([400, 'invalid_request']);
    const none = await get('/templates');
    expect([none.status, codeOf(none)]).toEqual([401, 'authentication_failed']);
    expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect((await get(`/templates?api_key=${key()}`)).status).toBe(401);
  });
});

describe('the statuses that published clients take for success', () => {
  it('are 201, exactly 200 for uploads and changes, 202 for End, all with JSON bodies', async () => {
    const { id, answer } = await newSession(rig, { upload_type: 'chunked', templates: ['transcript'] });
    const m4a = await encodeAs('m4a', samples);
    const answers: [number, Answer][] = [
      [201, answer],
      [200, await upload(rig, id, 'audio_0.wav', { body: wav })],
      [200, await upload(rig, id, 'audio_0.wav', { body: wav })],
      [200, await upload(rig, id, 'rec.x_1.WAV', { body: wav, type: 'application/octet-stream' })],
      [200, await ask(rig, `/sessions/${id}/audio/audio_2.m4a`, { body: m4a, method: 'PUT' })],
      [200, await upload(rig, id, 'audio_3.m4a', { body: m4a, type: 'audio/mp4' })],
      [
        200,
        await ask(rig, `/sessions/${id}/audio`, {
          body: wav,
          headers: { 'content-disposition': 'attachment; filename="whatever.wav"', 'x-chunk-index': '4' },
        }),
      ],
      [
        200,
        await ask(rig, `/sessions/${id}`, { method: 'PATCH', json: { user_status: 'recording_started' } }),
      ],
      [202, await ask(rig, `/sessions/${id}`)],
      [202, await end(rig, id, { audio_files_sent: 5 })],
      [200, await ask(rig, `/sessions/${id}`, { method: 'PATCH', json: { user_status: 'commit' } })],
      [200, await result(rig, id)],
    ];
    expect(answers.map(([, each]) => each.status)).toEqual(answers.map(([status]) => status));
    for (const [, each] of answers) expect(each.headers.get('content-type')).toContain('application/json');
    expect(answers.at(-1)?.[1].body['audio_files']).toEqual(['0.wav', '1.wav', '2.m4a', '3.m4a', '4.wav']);
  });

  it('let a session change until End, and some of it after', async () => {
    const { id } = await newSession(rig, { upload_type: 'chunked', additional_data: { a: 1 } });
    const patch = (json: object) => ask(rig, `/sessions/${id}`, { method: 'PATCH', json });
    const patient = { oid: 'p1', name: 'n', age: 42, gender: 'f', mobile: 123 };
    const changed = await patch({
      model: 'pro',
      session_mode: 'consultation',
      language_hint: 'en',
      templates: ['transcript'],
      additional_data: { b: 2 },
      patient_details: patient,
    });
    expect(changed.body).toEqual({ session_id: id, status: 'success', message: expect.any(String) });
    await upload(rig, id, 'audio_0.wav', { body: wav });
    await end(rig, id);
    expect(await patch({ model: 'lite' })).toMatchObject({ status: 409 });
    expect(await patch({ additional_data: { c: 3 } })).toMatchObject({ status: 200 });
    expect(await patch({ nonsense: true })).toMatchObject({ status: 422 });
    expect((await result(rig, id)).body).toMatchObject({
      model_used: 'pro',
      additional_data: { a: 1, b: 2, c: 3 },
      patient_details: patient,
      templates: [{ transcript: { status: 'success' } }],
    });
  });

  it('give a link to the recording to who asks for JSON, and the link needs no key', async () => {
    const { id } = await newSession(rig, { upload_type: 'single' });
    await upload(rig, id, 'audio_0.wav', { body: wav });
    await end(rig, id);
    await result(rig, id);
    const link = await ask(rig, `/sessions/${id}/audio`, { headers: { accept: 'application/json' } });
    expect(link.body).toEqual({
      session_id: id,
      status: 'completed',
      audio_url: expect.stringContaining(`/media/${id}/audio?`),
      expires_in: 3600,
      expires_at: expect.any(Number),
    });
    const recording = await readAnswer(await fetch(String(link.body['audio_url'])));
    expect([recording.status, sha256(recording.bytes)]).toEqual([200, sha256(wav)]);
    const forged = String(link.body['audio_url']).replace(/expires=\d/, 'expires=9');
    expect((await readAnswer(await fetch(forged))).status).toBe(403);
  });
});

describe('create bodies of every published generation', () => {
  it.each([
    [
      'January',
      { upload_type: 'chunked', communication_protocol: 'http', templates: ['soap', 'transcript'] },
    ],
    [
      'January, languages as lists',
      { upload_type: 'single', language_hint: ['en'], transcript_language: ['en'] },
    ],
    ['June', { upload_type: 'stream', communication_protocol: 'websocket', model: 'lite', templates: [] }],
    ['June, language found by itself', { upload_type: 'chunked', language_hint: ['auto_detect'] }],
    ['July', { upload_type: 'single' }],
    ['July, type left out', {}],
    [
      'July, language as a string',
      { upload_type: 'chunked', language_hint: 'en', transcript_language: 'en' },
    ],
    ['July, nulls', { templates: null, language_hint: null, patient_details: null, additional_data: null }],
    ['with a region', { upload_type: 'chunked', language_hint: ['en-IN'] }],
    ['with a mode', { upload_type: 'chunked', session_mode: 'consultation', model: 'pro' }],
  ])('%s: created', async (_name, json) => {
    expect((await ask(rig, '/sessions', { json })).status).toBe(201);
  });

  it.each([
    ['three templates, as an example of the specification has', { templates: ['a', 'b', 'c'] }, 400],
    ['a protocol against the type', { upload_type: 'stream', communication_protocol: 'http' }, 400],
    ['rpc', { upload_type: 'chunked', communication_protocol: 'rpc' }, 400],
    ['a language nobody speaks here', { language_hint: ['ta'] }, 422],
  ])('%s: refused', async (_name, json, status) => {
    expect((await ask(rig, '/sessions', { json })).status).toBe(status);
  });

  it.each<[string, Parameters<typeof ask>[2]]>([
    ['no body', { method: 'POST' }],
    ['no body but its type', { method: 'POST', headers: { 'content-type': 'application/json' } }],
    ['an empty object', { json: {} }],
    ['a count', { json: { audio_files_sent: 1 } }],
    ['a count and a list', { json: { audio_files_sent: 1, audio_files_uploaded: ['audio_0.wav'] } }],
    ['two counts', { json: { audio_files_sent: 1, audio_files_uploaded: 1 } }],
  ])('a session ends with %s', async (_name, request) => {
    const { id, uploadUrl } = await newSession(rig, { upload_type: 'chunked' });
    expect(uploadUrl).toContain(id);
    await upload(rig, id, 'audio_0.wav', { body: wav });
    expect(await ask(rig, `/sessions/${id}/end`, request)).toMatchObject({
      status: 202,
      body: { session_id: id, status: 'processing', audio_files_received: 1, audio_files: ['0.wav'] },
    });
  });
});
