import { EarshotError } from '@earshot/protocol';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../metrics/metrics.ts';
import { startTestServer, stopTestServers } from '../../testing/test-server.ts';

afterEach(stopTestServers);

const api = { title: 'earshot', version: '0.1.0', description: 'Voice in, transcript out.' };

describe('the health pages', () => {
  it('say that the process lives', async () => {
    const { call } = await startTestServer();
    const answer = await call('/healthz');
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('say ready when every check passes', async () => {
    const { call } = await startTestServer({
      checks: { redis: () => Promise.resolve('PONG'), store: () => Promise.resolve() },
    });
    const answer = await call('/readyz');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      status: 'ready',
      checks: { redis: { ok: true, message: 'ok' }, store: { ok: true, message: 'ok' } },
    });
  });

  it('name the check that fails, showing only words meant to be shown, and wait for none', async () => {
    const { call } = await startTestServer({
      checks: {
        store: () =>
          Promise.reject(new EarshotError('service_unavailable', { message: 'The bucket is missing.' })),
        redis: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.5:6379')),
        sync: () => {
          throw new Error('at once');
        },
        hangs: () => new Promise(() => undefined),
        fine: () => Promise.resolve(),
      },
    });
    const answer = await call('/readyz');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({
      status: 'unavailable',
      checks: {
        store: { ok: false, message: 'The bucket is missing.' },
        redis: { ok: false, message: 'failed' },
        sync: { ok: false, message: 'failed' },
        hangs: { ok: false, message: 'no answer in time' },
        fine: { ok: true, message: 'ok' },
      },
    });
  });
});

describe('the metrics page', () => {
  it('counts requests by route pattern, never by path', async () => {
    const metrics = createMetrics({ service: 'test' });
    const { call, bearer } = await startTestServer({ metrics, serveMetrics: true });
    await call('/things/abc');
    await call('/things/def');
    await call('/nowhere/at/all');
    await call({ url: '/whoami', headers: bearer });
    const answer = await call('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain(
      'earshot_http_requests_total{route="/things/:id",method="GET",status="200",service="test"} 2',
    );
    expect(answer.body).toContain(
      'earshot_http_requests_total{route="unmatched",method="GET",status="404",service="test"} 1',
    );
    expect(answer.body).toContain(
      'earshot_http_duration_seconds_count{service="test",route="/whoami",method="GET"} 1',
    );
    expect(answer.body).not.toMatch(/abc|clinic/);
    metrics.close();
  });

  it('is not there unless asked for', async () => {
    const metrics = createMetrics({ service: 'test' });
    const { call } = await startTestServer({ metrics });
    expect((await call('/metrics')).statusCode).toBe(404);
    metrics.close();
  });
});

describe('the API description', () => {
  it('is OpenAPI 3.1 made from the routes', async () => {
    const { call } = await startTestServer({ api });
    const document = (await call('/openapi.json')).json();
    const described: object = document.paths;
    const paths = Object.keys(described);
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'earshot', version: '0.1.0' });
    const { post } = document.paths['/things'];
    expect(post.requestBody.content['application/json'].schema).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: { name: { type: 'string', maxLength: 5 }, count: { type: 'integer' } },
    });
    expect(post.security).toEqual([]);
    expect(post.responses.default.content['application/json'].schema.properties.error).toBeDefined();
    expect(document.paths['/things/{id}'].get.parameters).toMatchObject([
      { in: 'path', name: 'id', required: true },
    ]);
    expect(document.paths['/healthz'].get.responses['200']).toBeDefined();
    expect(document.components.securitySchemes).toHaveProperty('apiKey');
    expect(paths.filter((path) => path.includes('docs') || path === '*')).toEqual([]);
  });

  it('serves a reference page whose parts all come from this server', async () => {
    const { call } = await startTestServer({ api });
    const page = await call('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      (match) => new URL(match[1] ?? '', 'http://host/docs/').pathname,
    );
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect([part, (await call(part)).statusCode]).toEqual([part, 200]);
    expect((await call('/docs/json')).json().openapi).toBe('3.1.0');
    expect((await call('/docs')).statusCode).toBe(200);
    expect((await call('/docs/static/../../package.json')).statusCode).toBe(404);
  });

  it('is where the root leads to, for browsers and for those who read', async () => {
    const { call } = await startTestServer({ api });
    const door = await call('/');
    expect([door.statusCode, door.headers['location']]).toEqual([302, './docs']);
    expect(door.headers['link']).toContain('<./openapi.json>; rel="service-desc"');
    expect(door.json()).toMatchObject({ service: 'earshot', documentation: './docs' });
    expect((await call('/openapi.json')).json().paths['/']).toBeUndefined();
  });

  it('is not there unless asked for', async () => {
    const { call } = await startTestServer();
    expect((await call('/openapi.json')).statusCode).toBe(404);
    expect((await call('/docs')).statusCode).toBe(404);
    expect((await call('/')).statusCode).toBe(404);
  });
});
