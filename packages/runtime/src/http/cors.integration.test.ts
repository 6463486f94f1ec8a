import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, stopTestServers } from '../testing/test-server.ts';
import { createOriginTest } from './cors.ts';

afterEach(stopTestServers);

describe('the origin list', () => {
  const isAllowed = createOriginTest(['https://app.example', 'http://localhost:*']);

  it.each(['https://app.example', 'http://localhost', 'http://localhost:3000', 'http://localhost:65535'])(
    'has %s',
    (origin) => {
      expect(isAllowed(origin)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    'null',
    'https://app.example.evil.example',
    'https://app.example:8443',
    'http://app.example',
    'https://evil.example',
    'https://localhost:3000',
    'http://localhost:3000.evil.example',
    'http://localhost:',
    'http://localhost:a',
    'http://localhost.evil.example',
    'HTTPS://APP.EXAMPLE',
  ])('has no %p', (origin) => {
    expect(isAllowed(origin)).toBe(false);
  });

  it('cannot be everything', () => {
    expect(() => createOriginTest(['*'])).toThrow(TypeError);
  });
});

describe('a browser', () => {
  const origin = 'https://app.example';
  const options = { corsOrigins: [origin] };

  it('of a listed origin gets its origin back, credentials, and the headers it may read', async () => {
    const { call, bearer } = await startTestServer(options);
    const answer = await call({ url: '/whoami', headers: { ...bearer, origin } });
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
    expect(answer.headers['vary']).toContain('Origin');
    const exposed = String(answer.headers['access-control-expose-headers']);
    for (const name of [
      'Retry-After',
      'X-RateLimit-Remaining',
      'X-Request-Id',
      'Upload-Offset',
      'Location',
    ]) {
      expect(exposed).toContain(name);
    }
  });

  it('reads refusals too', async () => {
    const { call } = await startTestServer(options);
    for (const url of ['/whoami', '/nowhere', '/secret-failure']) {
      expect((await call({ url, headers: { origin } })).headers['access-control-allow-origin']).toBe(origin);
    }
  });

  it('asks first without a credential, and may remember the answer', async () => {
    const { call } = await startTestServer(options);
    const answer = await call({
      method: 'OPTIONS',
      url: '/things',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,msa-version',
      },
    });
    expect(answer.statusCode).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
    expect(answer.headers['access-control-allow-headers']).toBe('authorization,msa-version');
    expect(Number(answer.headers['access-control-max-age'])).toBeGreaterThan(600);
  });

  it.each(['https://evil.example', 'null'])('of the origin %s is told nothing', async (other) => {
    const { call, bearer } = await startTestServer(options);
    const plain = await call({ url: '/whoami', headers: { ...bearer, origin: other } });
    const preflight = await call({
      method: 'OPTIONS',
      url: '/things',
      headers: { origin: other, 'access-control-request-method': 'POST' },
    });
    for (const answer of [plain, preflight]) {
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    }
    expect(preflight.statusCode).toBeGreaterThanOrEqual(400);
  });

  it('of a developer is welcome by default, no other', async () => {
    const { call } = await startTestServer();
    const allowed = async (from: string) =>
      (await call({ url: '/any-version', headers: { origin: from } })).headers['access-control-allow-origin'];
    expect(await allowed('http://localhost:5173')).toBe('http://localhost:5173');
    expect(await allowed('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
    expect(await allowed('https://app.example')).toBeUndefined();
  });
});
