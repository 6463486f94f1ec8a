import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, stopTestServers } from '../testing/test-server.ts';
import { publicOrigin } from './public-origin.ts';

afterEach(stopTestServers);

async function originOf(
  headers: Record<string, string>,
  options: { trusted?: string[]; configured?: string } = {},
): Promise<unknown> {
  const { app, call } = await startTestServer({ trustedProxies: options.trusted ?? [] });
  app.get('/origin', { config: { access: 'public' } }, (request) => ({
    origin: publicOrigin(request, options.configured),
  }));
  const answer = await call({ url: '/origin', headers });
  return answer.json();
}

describe('the public origin', () => {
  it('is the configured one, without path', async () => {
    const answer = await originOf({ host: 'inner' }, { configured: 'https://api.example:8443/base/' });
    expect(answer).toEqual({ origin: 'https://api.example:8443' });
  });

  it.each(['localhost:8080', 'api.example', '127.0.0.1:80', '[::1]:8080'])(
    'is else the host %s that was asked',
    async (host) => {
      expect(await originOf({ host })).toEqual({ origin: `http://${host}` });
    },
  );

  it('follows forwarding headers of a trusted proxy only', async () => {
    const headers = { host: 'inner:8080', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example' };
    expect(await originOf(headers)).toEqual({ origin: 'http://inner:8080' });
    expect(await originOf(headers, { trusted: ['192.168.0.0/16'] })).toEqual({ origin: 'http://inner:8080' });
    expect(await originOf(headers, { trusted: ['127.0.0.0/8'] })).toEqual({ origin: 'https://api.example' });
  });

  it.each(['evil.example/path', 'a b', 'user@evil.example', 'evil.example?x', '<script>', '-'])(
    'refuses the host %p',
    async (host) => {
      expect(await originOf({ host })).toMatchObject({ error: { code: 'invalid_request' } });
    },
  );
});
