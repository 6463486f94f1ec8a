import { LIMITS } from '@earshot/protocol';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLog } from '../../log/log.ts';
import { startTestServer, stopTestServers } from '../../testing/test-server.ts';
import { createHttpServer } from '../server.ts';

afterEach(stopTestServers);

describe('a route', () => {
  it('that does not say who may call it cannot be registered', async () => {
    const { app } = await startTestServer();
    expect(() => app.get('/forgotten', () => ({}))).toThrow('route GET /forgotten declares no config.access');
    expect(() => app.get('/half', { config: {} }, () => ({}))).toThrow(TypeError);
  });

  it('for tenants cannot be registered on a server that knows no tenants', async () => {
    const app = await createHttpServer({ log: createLog({ service: 'test', level: 'silent' }) });
    expect(() => app.get('/x', { config: { access: 'tenant' } }, () => ({}))).toThrow(
      'needs an authenticator',
    );
    await app.close();
  });
});

describe('a tenant route', () => {
  it('knows who calls', async () => {
    const { call, bearer, record, key } = await startTestServer();
    const who = { tenant: 'clinic', keyId: record.keyId, subject: record.keyId, line: null, test: false };
    expect((await call({ url: '/whoami', headers: bearer })).json()).toEqual({ who });
    expect((await call({ url: '/whoami', headers: { 'x-api-key': key } })).json()).toEqual({ who });
  });

  it.each([
    [{}, 401, 'authentication_failed', 'API key is required'],
    [{ authorization: 'Bearer sk_live_wrong-wrong' }, 401, 'invalid_api_key', 'Invalid API key'],
    [
      { authorization: 'Bearer a', 'x-api-key': 'b' },
      400,
      'invalid_request',
      'The request carries two different credentials.',
    ],
  ])('refuses %p', async (headers, status, code, message) => {
    const { call } = await startTestServer();
    const answer = await call({ url: '/whoami', headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toEqual({ error: { code, message } });
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer realm="earshot"' : undefined);
  });

  it('never takes a key from the URL', async () => {
    const { call, key } = await startTestServer();
    const names = ['api_key', 'apikey', 'token', 'access_token', 'authorization', 'x-api-key'];
    const query = names.map((name) => `${name}=${key}`).join('&');
    expect((await call(`/whoami?${query}`)).statusCode).toBe(401);
  });

  it('is 503, not 401, while keys cannot be checked', async () => {
    const { call, bearer, store } = await startTestServer();
    store.away = true;
    const answer = await call({ url: '/whoami', headers: bearer });
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'service_unavailable']);
  });

  it('asks for no credential before it is known to exist, and reads no body before', async () => {
    const { call } = await startTestServer();
    expect((await call('/nowhere')).statusCode).toBe(404);
    const payload = 'x'.repeat(LIMITS.maxJsonBodyBytes + 1);
    const answer = await call({
      method: 'POST',
      url: '/whoami',
      payload,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.statusCode).toBe(401);
  });
});

describe('limits', () => {
  it('are told on each limited answer and end in 429 with the time to wait', async () => {
    const { call, bearer } = await startTestServer();
    const tight = () => call({ url: '/tight', headers: bearer });
    const answers = [await tight(), await tight(), await tight()];
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 429]);
    expect(answers.map((answer) => answer.headers['x-ratelimit-remaining'])).toEqual(['1', '0', '0']);
    const last = answers[2]!;
    const seconds = Number(last.headers['retry-after']);
    expect(seconds).toBeGreaterThan(50);
    expect(Number(last.headers['x-ratelimit-reset'])).toBeGreaterThan(Date.now() / 1000 + 50);
    expect(last.json()).toMatchObject({
      error: {
        code: 'rate_limit_exceeded',
        details: { limit: 2, window: '60s', retry_after_seconds: seconds },
      },
    });
    expect((await call({ url: '/whoami', headers: bearer })).statusCode).toBe(200);
  });

  it('count tenants apart', async () => {
    const { call, bearer, keyring } = await startTestServer();
    const other = await keyring.create({ tenant: 'other', name: 'a' });
    for (let i = 0; i < 3; i++) await call({ url: '/tight', headers: bearer });
    expect((await call({ url: '/tight', headers: { 'x-api-key': other.key } })).statusCode).toBe(200);
  });

  it('count capability routes by client address, which no header can change', async () => {
    const { call } = await startTestServer();
    const codes = [];
    for (let i = 0; i < 5; i++) {
      const headers = { 'x-forwarded-for': `8.8.8.${i}`, 'x-real-ip': `8.8.4.${i}` };
      codes.push((await call({ url: '/stream/a', headers })).statusCode);
    }
    expect(codes).toEqual([200, 200, 200, 429, 429]);
    expect((await call({ url: '/stream/a', from: '127.0.0.9' })).statusCode).toBe(200);
  });

  it('count by the right-most address that is no proxy of ours', async () => {
    const { call } = await startTestServer({ trustedProxies: ['127.0.0.1'] });
    const through = (forwarded: string) =>
      call({ url: '/stream/a', from: '127.0.0.1', headers: { 'x-forwarded-for': forwarded } });
    for (let i = 0; i < 3; i++) await through(`8.8.8.${i}, 203.0.113.9`);
    expect((await through('1.1.1.1, 203.0.113.9')).statusCode).toBe(429);
    expect((await through('203.0.113.10')).statusCode).toBe(200);
  });

  it('stop guessing, but lock out nobody whose key was right before', async () => {
    const { call, bearer, store } = await startTestServer();
    expect((await call({ url: '/whoami', headers: bearer })).statusCode).toBe(200);
    const guess = (i: number) => call({ url: '/whoami', headers: { 'x-api-key': `guess-number-${i}` } });
    const codes = [];
    for (let i = 0; i < 6; i++) codes.push((await guess(i)).statusCode);
    expect(codes).toEqual([401, 401, 401, 429, 429, 429]);
    const reads = store.reads;
    expect((await guess(7)).headers['retry-after']).toBeDefined();
    expect(store.reads).toBe(reads);
    expect((await call({ url: '/whoami', headers: bearer })).statusCode).toBe(200);
    expect(
      (await call({ url: '/whoami', headers: { 'x-api-key': 'guess' }, from: '127.0.0.9' })).statusCode,
    ).toBe(401);
  });

  it('stop guessing at login too', async () => {
    const { call } = await startTestServer();
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await call({ url: '/login', method: 'POST' })).statusCode);
    expect(codes).toEqual([401, 401, 401, 429, 429]);
    expect((await call({ url: '/login', method: 'POST', from: '127.0.0.9' })).statusCode).toBe(401);
  });
});
