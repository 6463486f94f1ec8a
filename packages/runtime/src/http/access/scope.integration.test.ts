import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createRateLimiter } from '../../limits/rate-limiter.ts';
import { startTestServer, stopTestServers } from '../../testing/test-server.ts';
import type { HttpServer } from '../contract/http-server.ts';

afterEach(stopTestServers);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const SCOPES = [undefined, 'tenant', 'line', 'any'] as const;
const SHAPES = [undefined, 'envelope', 'flat', 'gateway'] as const;
type Scope = (typeof SCOPES)[number];
type Shape = (typeof SHAPES)[number];

const pathOf = (scope: Scope, shape: Shape) => `/scoped/${scope ?? 'none'}/${shape ?? 'none'}`;

/** Every method under every scope in every shape. */
function addRoutes(app: HttpServer): void {
  for (const scope of SCOPES) {
    for (const errors of SHAPES) {
      const config = {
        access: 'tenant',
        ...(scope === undefined ? {} : { scope }),
        ...(errors === undefined ? {} : { errors }),
      } as const;
      const method = METHODS.filter((name) => name !== 'HEAD');
      app.route({ method, url: pathOf(scope, errors), config, handler: () => ({}) });
    }
  }
}

const wide = { limit: 100_000, windowSeconds: 60 };

async function start() {
  const server = await startTestServer({
    limiter: createRateLimiter({ redis: null, groups: { default: wide, failure: wide } }),
  });
  addRoutes(server.app);
  const line = await server.keyring.create({ tenant: 'clinic', name: 'front desk', lineId: 'lin_desk' });
  return { ...server, line };
}

type Expectation = 'ok' | readonly [status: number, code: string];

function expectedFor(scope: Scope, who: string): Expectation {
  if (who === 'nobody') return [401, 'authentication_failed'];
  if (who === 'line key')
    return scope === 'line' || scope === 'any' ? 'ok' : [403, 'number_scope_not_allowed'];
  return scope === 'line' ? [403, 'tenant_scope_not_allowed'] : 'ok';
}

const GATEWAY: Readonly<Record<number, string>> = { 401: 'unauthorized', 403: 'forbidden' };

function bodyOf(shape: Shape, status: number, code: string): object {
  const message = expect.any(String);
  if (shape === 'flat') return { error: message, code: code.toUpperCase() };
  return shape === 'gateway' ? { error_code: GATEWAY[status], message } : { error: { code, message } };
}

describe('keys of the wrong kind', () => {
  it.each(METHODS)('are refused on every %s route, in its shape', async (method) => {
    const { call, key, line } = await start();
    const callers = {
      nobody: {},
      'tenant key': { 'x-api-key': key },
      'line key': { 'x-api-key': line.key },
    };
    for (const scope of SCOPES) {
      for (const shape of SHAPES) {
        for (const [who, headers] of Object.entries(callers)) {
          const url = pathOf(scope, shape);
          const answer = await call({ method, url, headers });
          const wanted = expectedFor(scope, who);
          const [status, code] = wanted === 'ok' ? [200, ''] : wanted;
          expect([method, url, who, answer.statusCode]).toEqual([method, url, who, status]);
          if (status !== 200 && method !== 'HEAD') expect(answer.json()).toEqual(bodyOf(shape, status, code));
        }
      }
    }
  });

  it('cannot be told apart by a route that asks for no key', async () => {
    const { app } = await start();
    expect(() => app.get('/open', { config: { access: 'public', scope: 'line' } }, () => ({}))).toThrow(
      'declares a scope, and asks for no key',
    );
  });
});

const Body = z.strictObject({ to: z.string(), count: z.int().optional() });

async function startShaped() {
  const server = await startTestServer();
  for (const errors of ['flat', 'gateway'] as const) {
    const config = { access: 'public', errors } as const;
    server.app.post(`/${errors}/:id`, { config, schema: { body: Body } }, () => ({}));
    server.app.get(`/${errors}/boom`, { config }, () => {
      throw new Error('password=hunter2');
    });
    server.app.get(
      `/${errors}/tight`,
      { config: { ...config, access: 'tenant', limit: 'tight' } },
      () => ({}),
    );
  }
  const post = (url: string, payload: string) =>
    server.call({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } });
  return { ...server, post };
}

describe('errors of a flat route', () => {
  it('name the fields that are wrong in one sentence', async () => {
    const { post } = await startShaped();
    const answer = await post('/flat/x', '{"to":"+4930","count":"many","more":1}');
    expect(answer.statusCode).toBe(400);
    const { error, code } = answer.json();
    expect(code).toBe('INVALID_REQUEST');
    expect(error).toContain('count: ');
    expect(error).toContain('more: unknown field');
    expect(error).not.toContain('many');
  });

  it.each([
    ['a missing field', 'POST', '/flat/x', '{}', 400, 'MISSING_REQUIRED_FIELD'],
    ['bytes that are no JSON', 'POST', '/flat/x', '{', 400, 'INVALID_REQUEST'],
    ['a body too large', 'POST', '/flat/x', `"${'x'.repeat(300_000)}"`, 413, 'PAYLOAD_TOO_LARGE'],
    ['a wrong method', 'DELETE', '/flat/x', undefined, 405, 'METHOD_NOT_ALLOWED'],
    ['an id beyond reason', 'POST', `/flat/${'x'.repeat(300)}`, '{}', 404, 'RESOURCE_NOT_FOUND'],
    ['our own failure', 'GET', '/flat/boom', undefined, 500, 'INTERNAL_ERROR'],
  ])('answer %s', async (_name, method, url, payload, status, code) => {
    const { call, post } = await startShaped();
    const answer = await (payload === undefined ? call({ method, url }) : post(url, payload));
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toEqual({ error: expect.any(String), code });
    expect(answer.body).not.toContain('hunter2');
  });
});

describe('errors of a gateway route', () => {
  it.each([
    ['a missing field', 'POST', '/gateway/x', '{}', 400, 'invalid_request'],
    ['bytes that are no JSON', 'POST', '/gateway/x', '{', 400, 'invalid_request'],
    ['a body too large', 'POST', '/gateway/x', `"${'x'.repeat(300_000)}"`, 413, 'invalid_request'],
    ['our own failure', 'GET', '/gateway/boom', undefined, 500, 'provider_error'],
  ])('answer %s', async (_name, method, url, payload, status, code) => {
    const { call, post } = await startShaped();
    const answer = await (payload === undefined ? call({ method, url }) : post(url, payload));
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toEqual({ error_code: code, message: expect.any(String) });
  });

  it('answer a spent limit with the time to wait', async () => {
    const { call, bearer } = await startShaped();
    for (let i = 0; i < 2; i++) await call({ url: '/gateway/tight', headers: bearer });
    const answer = await call({ url: '/gateway/tight', headers: bearer });
    expect([answer.statusCode, answer.json().error_code]).toEqual([429, 'rate_limited']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call({ url: '/gateway/tight' })).json().error_code).toBe('unauthorized');
  });

  it('answer every failure of ours with 500, as the contract knows no other', async () => {
    const { call, bearer, store } = await startShaped();
    store.away = true;
    const answer = await call({ url: '/gateway/tight', headers: bearer });
    expect([answer.statusCode, answer.json().error_code]).toEqual([500, 'provider_error']);
  });
});
