import { ErrorBody } from '@earshot/protocol';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, stopTestServers } from '../testing/test-server.ts';

afterEach(stopTestServers);

describe('an answer', () => {
  it('carries an id of its own, whatever id was sent', async () => {
    const { call } = await startTestServer();
    const headers = { 'x-request-id': 'forged\u0020id' };
    const [one, two] = [
      await call({ url: '/any-version', headers }),
      await call({ url: '/nowhere', headers }),
    ];
    expect(one.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(two.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.headers['x-request-id']).not.toBe(two.headers['x-request-id']);
    expect(one.headers['x-content-type-options']).toBe('nosniff');
    expect(one.headers['cache-control']).toBe('no-store');
  });
});

describe('a body', () => {
  const send = async (method: 'POST' | 'PATCH', payload: string, type = 'application/json') => {
    const { call } = await startTestServer();
    const answer = await call({ method, url: '/things', payload, headers: { 'content-type': type } });
    return { status: answer.statusCode, body: answer.json() };
  };

  it('that fits its schema arrives', async () => {
    expect(await send('POST', '{"name":"abcde","count":1}')).toEqual({
      status: 200,
      body: { got: { name: 'abcde', count: 1 } },
    });
  });

  it.each([
    ['{"count":1}', 400, 'missing_required_field', [{ path: 'name' }]],
    ['{"name":null}', 400, 'invalid_request', [{ path: 'name' }]],
    ['{"name":"abcdef"}', 400, 'invalid_request', [{ path: 'name' }]],
    ['{"name":"abc","count":"1"}', 400, 'invalid_request', [{ path: 'count' }]],
    [
      '{"name":"abc","extra":1,"more":2}',
      400,
      'invalid_request',
      [{ path: 'extra', message: 'unknown field' }, { path: 'more' }],
    ],
    ['[]', 400, 'invalid_request', [{ path: '' }]],
    ['', 400, 'missing_required_field', [{ path: '' }]],
  ])('%s is refused with %i %s', async (payload, status, code, fields) => {
    const answer = await send('POST', payload);
    expect(answer).toMatchObject({ status, body: { error: { code, details: { fields } } } });
    expect(ErrorBody.safeParse(answer.body).success).toBe(true);
  });

  it('that fails its schema is refused with 422 where the route says so', async () => {
    expect(await send('PATCH', '{"name":"abc","extra":1}')).toMatchObject({
      status: 422,
      body: { error: { code: 'invalid_request' } },
    });
  });

  it.each([
    ['{"name":', 'application/json', 400, 'invalid_request'],
    ['{"name":"a","__proto__":{"x":1}}', 'application/json', 400, 'invalid_request'],
    ['{"name":"a","constructor":{"prototype":{}}}', 'application/json', 400, 'invalid_request'],
    [`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'application/json', 400, 'invalid_request'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'application/json', 400, 'invalid_request'],
    [`{"name":"${'a'.repeat(262_144)}"}`, 'application/json', 413, 'payload_too_large'],
    ['name=a', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['name', 'text/plain', 415, 'unsupported_media_type'],
    ['name', 'not a type', 415, 'unsupported_media_type'],
  ])('of a kind that is refused says why (%#)', async (payload, type, status, code) => {
    const answer = await send('POST', payload, type);
    expect(answer).toMatchObject({ status, body: { error: { code } } });
  });

  it('may have exactly the largest size', async () => {
    const { call } = await startTestServer();
    const headers = { 'content-type': 'application/json' };
    const pad = (bytes: number) => `{"name":"abc"${' '.repeat(bytes - 14)}}`;
    expect((await call({ method: 'POST', url: '/things', headers, payload: pad(262_144) })).statusCode).toBe(
      200,
    );
    expect((await call({ method: 'POST', url: '/things', headers, payload: pad(262_145) })).statusCode).toBe(
      413,
    );
  });

  it('may be empty where it is optional, with or without a content type', async () => {
    const { call } = await startTestServer();
    const url = '/things/1/end';
    const headers = { 'content-type': 'application/json' };
    expect((await call({ method: 'POST', url })).json()).toEqual({ got: null });
    expect((await call({ method: 'POST', url, headers, payload: '' })).json()).toEqual({ got: null });
    expect((await call({ method: 'POST', url, headers, payload: '{"name":"a"}' })).json()).toEqual({
      got: { name: 'a' },
    });
  });

  it('that is compressed is refused', async () => {
    const { call } = await startTestServer();
    const post = (coding: string) =>
      call({
        method: 'POST',
        url: '/raw',
        payload: 'abc',
        headers: { 'content-type': 'audio/webm', 'content-encoding': coding },
      });
    expect((await post('gzip')).json()).toMatchObject({ error: { code: 'unsupported_media_type' } });
    expect((await post('gzip')).statusCode).toBe(415);
    expect((await post('identity')).json()).toEqual({ bytes: 3 });
  });

  it('of any type reaches a scope that reads it raw', async () => {
    const { call } = await startTestServer();
    const payload = Buffer.alloc(1_000_000);
    const answer = await call({
      method: 'POST',
      url: '/raw',
      payload,
      headers: { 'content-type': 'audio/webm;codecs=opus' },
    });
    expect(answer.json()).toEqual({ bytes: 1_000_000 });
  });

  it('never comes back in an error', async () => {
    const answer = await send('POST', '{"name":"Patient Mueller","count":"also secret"}');
    expect(JSON.stringify(answer.body)).not.toMatch(/Mueller|also secret/);
  });
});

describe('a failure', () => {
  it('of ours says nothing of its cause, and can be found in the log by its request', async () => {
    const { call } = await startTestServer();
    const answer = await call('/secret-failure');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({
      error: { code: 'internal_error', message: 'Something went wrong on our side.' },
    });
    expect(JSON.stringify(answer.headers)).not.toContain('hunter2');
  });

  it('that will pass says when to come back', async () => {
    const { call } = await startTestServer();
    const answer = await call('/away');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('7');
  });

  it('to match our own answer schema is our failure', async () => {
    const { call } = await startTestServer();
    const answer = await call('/bad-answer');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ error: { code: 'internal_error' } });
  });

  it('has the envelope although the route describes another 404', async () => {
    const { call } = await startTestServer();
    const answer = await call('/missing-thing');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ error: { code: 'session_not_found' } });
  });
});

describe('a path', () => {
  it('that does not exist is 404', async () => {
    const { call } = await startTestServer();
    for (const url of ['/nowhere', '/', '/things/1/2/3', '/things/%zz', `/things/${'a'.repeat(300)}`]) {
      const answer = await call({ url });
      expect([url, answer.statusCode]).toEqual([url, url.includes('%zz') ? 400 : 404]);
      expect(ErrorBody.safeParse(answer.json()).success).toBe(true);
    }
  });

  it('that exists with other methods is 405 and names them', async () => {
    const { call } = await startTestServer();
    const answer = await call({ method: 'DELETE', url: '/things/abc?x=1' });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
    expect(answer.json()).toMatchObject({
      error: { code: 'method_not_allowed', details: { allowed_methods: ['GET', 'HEAD'] } },
    });
    expect((await call({ method: 'GET', url: '/things' })).headers['allow']).toBe('PATCH, POST');
  });

  it('of a wrong shape fails its schema', async () => {
    const { call } = await startTestServer();
    expect((await call('/things/123456789')).json()).toMatchObject({
      error: { code: 'invalid_request', details: { fields: [{ path: 'id' }] } },
    });
  });
});

describe('the MSA-Version header', () => {
  it.each([
    [undefined, 200],
    ['0.1', 200],
    ['0.2', 400],
    ['1', 400],
    ['', 400],
  ])('%p is answered %i', async (version, status) => {
    const { call } = await startTestServer();
    const answer = await call({
      url: '/things/1',
      headers: version === undefined ? {} : { 'msa-version': version },
    });
    expect(answer.statusCode).toBe(status);
    if (status === 400) {
      expect(answer.json()).toMatchObject({
        error: {
          code: 'unsupported_version',
          details: { requested_version: version, supported_versions: ['0.1'] },
        },
      });
    }
  });

  it('is not looked at where a client learns what we speak', async () => {
    const { call } = await startTestServer();
    expect((await call({ url: '/any-version', headers: { 'msa-version': '9' } })).statusCode).toBe(200);
    expect((await call({ url: '/healthz', headers: { 'msa-version': '9' } })).statusCode).toBe(200);
  });
});
