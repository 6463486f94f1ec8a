import { encodeWav } from '@earshot/audio';
import { computedAudio } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rig, startRig } from '../../rig/earshot.ts';
import { exchange, rawCall } from '../../rig/raw-http.ts';
import { keyOf } from '../../rig/scribed.ts';
import { type Answer, ask, codeOf, end, newSession } from '../../rig/session-calls.ts';
import { storedObjects } from '../../rig/stored-objects.ts';

const wav = encodeWav(computedAudio(1, 0, 8000), 16_000);

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ worker: false });
}, 60_000);
afterAll(() => rig.stop());

describe('a header of a proxy that nobody trusts', () => {
  it('has no effect on what the server says of itself', async () => {
    const { answer } = await newSession(
      rig,
      { upload_type: 'stream' },
      {
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example;proto=https',
        'x-original-url': '/metrics',
      },
    );
    expect(String(answer.body['upload_url'])).toMatch(new RegExp(`^${rig.origin.replace('http', 'ws')}/`));
  });

  it.each(['evil.example/path', 'a b', 'user@evil.example', '-'])('the host %p is refused', async (host) => {
    const headers = { host, 'content-type': 'application/json' };
    const call = { method: 'POST', path: '/voice/v1/sessions', headers, chunks: [Buffer.from('{}')] };
    const answer = await rawCall(rig, call);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_request']);
  });
});

describe('bytes that are no proper request', () => {
  const head = (lines: string): string =>
    `POST /voice/v1/sessions/ses_unknown000000000/audio/a_0.wav HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${rig.key}\r\n${lines}\r\n\r\n`;
  it.each([
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n', 400],
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3', 'abc', 400],
    ['a signed length', 'Content-Length: +5', 'abcde', 400],
    ['a length in hexadecimals', 'Content-Length: 0x5', 'abcde', 400],
    ['an endless chunk size', 'Transfer-Encoding: chunked', 'FFFFFFFFFFFFFFFFF\r\n', 400],
    ['a negative chunk size', 'Transfer-Encoding: chunked', '-1\r\n', 400],
    ['two codings', 'Transfer-Encoding: chunked, identity', '0\r\n\r\n', 400],
    ['an expectation that nobody has', 'Expect: banana\r\nContent-Length: 0\r\nConnection: close', '', 417],
    ['headers of 17 KB', `X-Long: ${'a'.repeat(17_000)}`, '', 431],
  ])('with %s are answered and the server goes on', async (_name, lines, body, status) => {
    const answer = await exchange(rig, head(lines) + body);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect((await ask(rig, '/templates')).status).toBe(200);
  });

  it.each(['TRACE', 'PROPFIND', 'OPTIONS'])('of the method %s change nothing', async (method) => {
    const answer = await exchange(
      rig,
      `${method} /voice/v1/sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404|405) /);
  });

  it('of ten thousand requests at once are answered one by one', async () => {
    const one = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
    const last = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const answer = await exchange(rig, one.repeat(9999) + last, 25_000);
    expect(answer.split('HTTP/1.1 200 OK').length - 1).toBe(10_000);
  });

  it('that ask before they send are told to go on, or are spared the trouble', async () => {
    const { id } = await newSession(rig, { upload_type: 'chunked' });
    const request = (name: string): string =>
      `POST /voice/v1/sessions/${id}/audio/${name} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${rig.key}\r\n` +
      `Content-Type: audio/wav\r\nContent-Length: ${wav.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
    const taken = await exchange(rig, request('audio_0.wav') + Buffer.from(wav).toString('latin1'));
    expect(taken).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    await end(rig, id);
    const refused = await exchange(rig, request('audio_1.wav') + Buffer.from(wav).toString('latin1'));
    expect(refused).toMatch(/HTTP\/1\.1 400 Bad Request\r\n/);
  });
});

describe('a tenant that asks too often', () => {
  const LIMIT = 6;
  const CREATES = 2;
  let limited: Rig;

  beforeAll(async () => {
    const env = { EARSHOT_RATE_LIMIT_PER_MINUTE: `${LIMIT}`, EARSHOT_CREATE_LIMIT_PER_MINUTE: `${CREATES}` };
    limited = await startRig({ worker: false, env });
  }, 60_000);
  afterAll(() => limited.stop());

  function expectLimited(answer: Answer, limit: number): void {
    expect([answer.status, codeOf(answer)]).toEqual([429, 'rate_limit_exceeded']);
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(answer.body).toMatchObject({
      error: { details: { limit, window: '60s', retry_after_seconds: seconds } },
    });
    expect(answer.headers.get('x-ratelimit-limit')).toBe(`${limit}`);
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
    const reset = Number(answer.headers.get('x-ratelimit-reset'));
    expect(Math.abs(reset - Date.now() / 1000 - seconds)).toBeLessThan(3);
  }

  it('is told how much is left, then 429 with when to come again, and nothing is made', async () => {
    const left: (string | null)[] = [];
    for (let i = 0; i < LIMIT; i++) {
      const answer = await ask(limited, '/templates');
      expect(answer.status).toBe(200);
      left.push(answer.headers.get('x-ratelimit-remaining'));
    }
    expect(left).toEqual(['5', '4', '3', '2', '1', '0']);
    expectLimited(await ask(limited, '/templates'), LIMIT);
    for (let i = 0; i < CREATES; i++)
      expect((await ask(limited, '/sessions', { json: {} })).status).toBe(201);
    const before = await storedObjects(limited);
    expectLimited(await ask(limited, '/sessions', { json: {} }), CREATES);
    expect(await storedObjects(limited)).toEqual(before);
  });

  it('hinders no other tenant, nor discovery, nor health', async () => {
    const headers = { authorization: `Bearer ${await keyOf(limited, 'neighbour')}` };
    expect((await ask(limited, '/templates', { headers })).status).toBe(200);
    expect((await ask(limited, '/.well-known/medscribealliance')).status).toBe(200);
    expect((await fetch(`${limited.origin}/healthz`)).status).toBe(200);
  });

  it('or an address that guesses keys is closed to guessers, not to who holds one', async () => {
    const guess = () => ask(rig, '/templates', { headers: { authorization: 'Bearer sk_live_guess_000000' } });
    const answers = [];
    for (let i = 0; i < 61; i++) answers.push(await guess());
    expect(new Set(answers.slice(0, 60).map(({ status }) => status))).toEqual(new Set([401]));
    expect(answers.at(-1)?.status).toBe(429);
    expect((await ask(rig, '/templates')).status).toBe(200);
    const login = await fetch(`${rig.origin}/connect-auth/v1/account/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: 'x', client_secret: 'y' }),
    });
    expect(login.status).toBe(429);
  });
});
