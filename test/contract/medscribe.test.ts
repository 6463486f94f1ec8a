import { encodeWav } from '@earshot/audio';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
import { absentFields, expectToFit } from './schema/shape.ts';
import { compileSchema, DEVIATIONS, publishedSchema } from './schema/specification.ts';

let rig: ScribedRig;
let speech: Uint8Array;

beforeAll(async () => {
  rig = await startScribedRig();
  speech = encodeWav(spokenSample(3), 16_000);
}, 60_000);
afterAll(() => rig.stop());

/** Holds an answer against the published schema of its kind, and lists the fields it may leave out. */
function expectSession(
  answer: Answer,
  name: string,
  rules: { absent?: string[]; deviations?: string[] } = {},
) {
  const schema = publishedSchema('sessions', name);
  expectToFit(compileSchema('sessions', name, rules.deviations), schema, answer.body);
  expect(absentFields(schema, answer.body)).toEqual(rules.absent ?? []);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
}

/** A deviation is listed only because the answer does not fit without it. */
function expectDeviation(answer: Answer, name: string): void {
  expect(compileSchema('sessions', name)(answer.body)).toBe(false);
}

async function endedSession(request: Record<string, unknown> = {}, files = 1): Promise<string> {
  const { id } = await newSession(rig, { upload_type: 'chunked', ...request });
  for (let i = 0; i < files; i++) {
    expect((await upload(rig, id, `audio_${i}.wav`, { body: speech })).status).toBe(200);
  }
  expect((await end(rig, id, { audio_files_sent: files })).status).toBe(202);
  return id;
}

describe('discovery', () => {
  it.each(['/.well-known/medscribealliance', '/voice/v1/.well-known/medscribealliance'])(
    'at %s fits the published schema without a credential',
    async (path) => {
      const answer = await readAnswer(await fetch(rig.origin + path));
      expect(answer.status).toBe(200);
      const schema = publishedSchema('discovery', 'DiscoveryResponse');
      expectToFit(compileSchema('discovery', 'DiscoveryResponse'), schema, answer.body);
      expect(absentFields(schema, answer.body)).toEqual([]);
      expect(answer.headers.get('cache-control')).toContain('max-age=10800');
      expect(answer.body['endpoints']).toEqual({
        base_url: `${rig.origin}/voice/v1`,
        webhooks_url: `${rig.origin}/voice/v1/webhooks`,
        templates_url: `${rig.origin}/voice/v1/templates`,
      });
    },
  );

  it('advertises what the server takes, for clients refuse the rest by themselves', async () => {
    const { body } = await ask(rig, '/.well-known/medscribealliance');
    expect(body).toMatchObject({
      capabilities: { upload_methods: ['chunked', 'single', 'stream'], max_chunk_duration_seconds: 20 },
      models: [{ id: 'lite' }, { id: 'pro' }],
      languages: { supported: ['en'] },
    });
    for (const [upload_type, model] of [
      ['chunked', 'lite'],
      ['single', 'pro'],
      ['stream', 'lite'],
    ]) {
      await newSession(rig, { upload_type, model, language_hint: ['en'] });
    }
    const { audio_formats: formats } = body['capabilities'] as { audio_formats: string[] };
    expect(formats).toEqual(
      expect.arrayContaining(['audio/webm;codecs=opus', 'audio/wav', 'audio/ogg', 'audio/mp4', 'audio/mp3']),
    );
    const { id } = await newSession(rig, { upload_type: 'chunked' });
    for (const type of formats) {
      // Bytes of no format: what is refused is the data, never the advertised type.
      const answer = await upload(rig, id, 'a_0', { body: Buffer.from('no audio at all'), type });
      expect([type, answer.body]).toEqual([type, expect.objectContaining({ error: expect.anything() })]);
      expect(answer.body).toMatchObject({ error: { details: { detected: 'text' } } });
    }
    const other = await ask(rig, '/sessions', { json: { upload_type: 'single', language_hint: ['xx'] } });
    expect([other.status, codeOf(other)]).toEqual([422, 'language_unsupported']);
  });
});

describe('a session', () => {
  it.each([
    ['chunked', 'http', /^http:\/\/[^/]+\/voice\/v1\/sessions\/ses_\w+\/audio$/],
    ['single', 'http', /^http:\/\/[^/]+\/voice\/v1\/sessions\/ses_\w+\/audio$/],
    ['stream', 'websocket', /^ws:\/\/[^/]+\/voice\/v1\/stream\/sessions\/str_\w{26}\/audio$/],
  ])('of type %s is created with 201 and an upload_url', async (upload_type, communication_protocol, url) => {
    const request = {
      upload_type,
      communication_protocol,
      templates: [],
      model: 'lite',
      language_hint: ['en'],
    };
    expect(compileSchema('sessions', 'CreateSessionRequest')(request)).toBe(true);
    const { answer, uploadUrl, id } = await newSession(rig, { ...request, transcript_language: ['en'] });
    expectSession(answer, 'CreateSessionResponse');
    expect(uploadUrl).toMatch(url);
    expect(answer.headers.get('location')).toBe(`${rig.origin}/voice/v1/sessions/${id}`);
    const { created_at, expires_at } = answer.body;
    expect(Date.parse(String(expires_at)) - Date.parse(String(created_at))).toBe(3_600_000);
  });

  it('may bring an id of its own', async () => {
    const session_id = `client-brought_${Date.now()}-0123456789012345678901234567`;
    const { answer, id } = await newSession(rig, { upload_type: 'chunked', session_id });
    expect(id).toBe(session_id);
    const deviations = ['client session id'];
    expectSession(answer, 'CreateSessionResponse', { deviations });
    expectDeviation(answer, 'CreateSessionResponse');
  });

  it('answers 202 from its creation until it has a result', async () => {
    await rig.stopWorker();
    const { id } = await newSession(rig, { upload_type: 'chunked', additional_data: { visit: 'v1' } });
    const created = await ask(rig, `/sessions/${id}`);
    expect([created.status, created.body['status']]).toEqual([202, 'created']);
    expectSession(created, 'SessionProcessingResponse');
    await upload(rig, id, 'audio_0.wav', { body: speech });
    const recording = await ask(rig, `/sessions/${id}`);
    expect([recording.status, recording.body['status']]).toEqual([202, 'recording']);
    expectSession(recording, 'SessionProcessingResponse', { deviations: ['recording'] });
    expectDeviation(recording, 'SessionProcessingResponse');
    await end(rig, id);
    const processing = await ask(rig, `/sessions/${id}`);
    expect([processing.status, processing.body['status']]).toEqual([202, 'processing']);
    expectSession(processing, 'SessionProcessingResponse');
    expect(processing.body).toMatchObject({
      audio_files: ['0.wav'],
      audio_files_received: 1,
      additional_data: { visit: 'v1' },
      transcript: '',
    });
    await rig.startWorker();
    expect((await result(rig, id)).status).toBe(200);
  });

  it('is uploaded to with 200 and ended with 202', async () => {
    const { id } = await newSession(rig, { upload_type: 'single' });
    const uploaded = await upload(rig, id, 'audio_0.wav', { body: speech });
    expect(uploaded).toMatchObject({
      status: 200,
      body: { session_id: id, success: true, original_filename: 'audio_0.wav' },
    });
    const ended = await end(rig, id, { audio_files_sent: 1 });
    expect(ended.status).toBe(202);
    expectSession(ended, 'EndSessionResponse');
    expect(ended.body).toMatchObject({ audio_files_received: 1, audio_files: ['0.wav'] });
    expect(await end(rig, id, {})).toMatchObject({ status: 202, body: ended.body });
    expect((await result(rig, id)).body).toMatchObject({ status: 'completed', transcript: SCRIBED_TEXT });
  });

  it('that is complete answers 200 with its templates as a list', async () => {
    const id = await endedSession({ templates: ['transcript', 'soap'] });
    const answer = await result(rig, id);
    expect(answer.status).toBe(200);
    expectSession(answer, 'SessionCompletedResponse', { deviations: ['template list'] });
    expectDeviation(answer, 'SessionCompletedResponse');
    expect(answer.body).toMatchObject({
      status: 'completed',
      transcript: SCRIBED_TEXT,
      model_used: 'lite',
      language_detected: 'en',
      audio_files_processed: 1,
      templates: [
        { transcript: { status: 'success', data: { transcript: SCRIBED_TEXT } } },
        { soap: { status: 'failed', error: { code: 'template_not_found' } } },
      ],
    });
    const one = await ask(rig, `/sessions/${id}?template_id=transcript`);
    expect(one.body['templates']).toEqual([{ transcript: expect.objectContaining({ status: 'success' }) }]);
  });

  it('that is complete answers with the map of the schema to who names a version', async () => {
    const id = await endedSession({ templates: ['transcript', 'soap'], model: 'pro' });
    const answer = await result(rig, id, { headers: { 'msa-version': '0.1' } });
    expect(answer.status).toBe(200);
    expectSession(answer, 'SessionCompletedResponse');
    expect(answer.body['templates']).toMatchObject({
      transcript: { status: 'success', data: { transcript: SCRIBED_TEXT } },
      soap: { status: 'failed', error: { code: 'template_not_found' } },
    });
  });

  it('that lacks a file is partial: 206, and says which', async () => {
    const { id } = await newSession(rig, { upload_type: 'chunked', templates: ['transcript'] });
    await upload(rig, id, 'audio_0.wav', { body: speech });
    await upload(rig, id, 'audio_2.wav', { body: speech });
    await end(rig, id, { audio_files_sent: 3 });
    const answer = await result(rig, id);
    expect([answer.status, answer.body['status']]).toEqual([206, 'partial']);
    expectSession(answer, 'SessionPartialResponse', { deviations: ['template list'] });
    expectSession(await result(rig, id, { headers: { 'msa-version': '0.1' } }), 'SessionPartialResponse');
    expect(answer.body).toMatchObject({
      audio_files: ['0.wav', '2.wav'],
      audio_files_processed: 2,
      processing_errors: [{ type: 'audio_file_missing', details: { sequence: 1 } }],
    });
  });

  it.each([
    ['that holds no audio', () => Promise.resolve(), 'audio_too_short'],
    [
      'that no engine understands',
      async (id: string) => {
        rig.answerWith(() => ({ status: 400, body: { error: { message: 'no' } } }));
        await upload(rig, id, 'audio_0.wav', { body: speech });
      },
      'processing_failed',
    ],
  ])('%s has failed: 200, with the reason', async (_name, prepare, code) => {
    const { id } = await newSession(rig, { upload_type: 'chunked', templates: ['transcript'] });
    await prepare(id);
    await end(rig, id);
    const answer = await result(rig, id, { headers: { 'msa-version': '0.1' } });
    rig.answerWith(() => ({ body: { text: SCRIBED_TEXT, language: 'english' } }));
    expect([answer.status, answer.body['status']]).toEqual([200, 'failed']);
    expectSession(answer, 'SessionCompletedResponse', { absent: ['language_detected'] });
    expect(answer.body).toMatchObject({ error: { code }, templates: { transcript: { status: 'failed' } } });
  });

  it('whose time is up answers 410 with what came, and not with the error envelope', async () => {
    const brief = await startScribedRig({ worker: false, env: { EARSHOT_SESSION_TTL_SECONDS: '1' } });
    try {
      const { id } = await newSession(brief, { upload_type: 'chunked', additional_data: { visit: 'v2' } });
      await upload(brief, id, 'audio_0.wav', { body: speech });
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const answer = await ask(brief, `/sessions/${id}`, { headers: { 'msa-version': '0.1' } });
      expect([answer.status, answer.body['status']]).toEqual([410, 'expired']);
      const listed = await ask(brief, `/sessions/${id}`);
      expect([listed.status, listed.body['templates']]).toEqual([410, []]);
      const absent = ['model_used', 'language_detected', 'audio_files_processed'];
      expectSession(answer, 'ExpiredSessionResponse', { absent });
      expect(answer.body).toMatchObject({
        audio_files: ['0.wav'],
        additional_data: { visit: 'v2' },
        templates: {},
        transcript: null,
      });
      expect(answer.body['error']).toBeUndefined();
    } finally {
      await brief.stop();
    }
  });
});

describe('the lists of the protocol', () => {
  it('have a template that every session can ask for', async () => {
    const { status, body } = await ask(rig, '/templates');
    expect([status, body['templates']]).toEqual([
      200,
      [{ id: 'transcript', name: expect.any(String), description: expect.any(String) }],
    ]);
  });

  it('have the webhooks of a tenant, without their secrets', async () => {
    const request = {
      url: 'http://127.0.0.1:9/hook',
      events: ['session.completed'],
      secret: 'a-signing-secret',
    };
    const made = await ask(rig, '/webhooks', { json: request });
    expect(made).toMatchObject({
      status: 201,
      body: {
        webhook_id: expect.stringMatching(/^whk_/),
        url: request.url,
        events: request.events,
        status: 'active',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      },
    });
    const list = await ask(rig, '/webhooks');
    expect(list.body).toEqual({ webhooks: [made.body] });
    expect(Buffer.from(list.bytes).toString()).not.toContain(request.secret);
    const url = `/webhooks/${String(made.body['webhook_id'])}`;
    expect((await ask(rig, url, { method: 'DELETE' })).status).toBe(204);
    const again = await ask(rig, url, { method: 'DELETE' });
    expect([again.status, codeOf(again)]).toEqual([404, 'webhook_not_found']);
    expect((await ask(rig, '/webhooks')).body).toEqual({ webhooks: [] });
  });
});

describe('a refusal', () => {
  const refusals: readonly [number, string, string, Parameters<typeof ask>[2]][] = [
    [400, 'invalid_request', '/sessions', { json: { upload_type: 'none' } }],
    [400, 'missing_required_field', '/sessions', { method: 'POST' }],
    [400, 'unsupported_version', '/templates', { headers: { 'msa-version': '9.9' } }],
    [401, 'invalid_api_key', '/templates', { headers: { authorization: 'Bearer sk_live_unknown_000000' } }],
    [401, 'authentication_failed', '/templates', { headers: { authorization: '' } }],
    [404, 'session_not_found', '/sessions/ses_unknown000000000', {}],
    [404, 'resource_not_found', '/nowhere', {}],
    [405, 'method_not_allowed', '/templates', { method: 'DELETE' }],
    [415, 'unsupported_media_type', '/sessions', { body: 'a=b', headers: { 'content-type': 'text/plain' } }],
    [422, 'language_unsupported', '/sessions', { json: { language_hint: ['xx'] } }],
  ];
  it.each(refusals)('%i %s has the published envelope', async (status, code, path, request) => {
    const answer = await ask(rig, path, request);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    const schema = publishedSchema('discovery', 'ErrorResponse');
    expectToFit(compileSchema('discovery', 'ErrorResponse'), schema, answer.body);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
  });
});

it('deviates from the specification in nothing but what is listed, each with its reason', () => {
  expect(DEVIATIONS.map(({ name }) => name)).toEqual(['recording', 'template list', 'client session id']);
  for (const { why } of DEVIATIONS) expect(why).toMatch(/\.$/);
});
