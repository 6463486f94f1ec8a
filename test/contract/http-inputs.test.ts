import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encodeWav } from '@earshot/audio';
import { SessionListResponse } from '@earshot/protocol';
import { computedAudio } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Rig, startRig } from '../rig/earshot.ts';
import { rawCall } from '../rig/raw-http.ts';
import { expectRefusal } from '../rig/refusals.ts';
import { keyOf } from '../rig/scribed.ts';
import { ask, codeOf, end, newSession, upload } from '../rig/session-calls.ts';
import { storedObjects } from '../rig/stored-objects.ts';

const BAD_REQUEST = [400, 'invalid_request'] as const;
const wav = encodeWav(computedAudio(1, 0, 8000), 16_000);

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ worker: false, env: { EARSHOT_WEBHOOK_ALLOW_INSECURE: 'false' } });
}, 60_000);
afterAll(() => rig.stop());

const create = (json: unknown) => () => ask(rig, '/sessions', { json });
const createText = (body: string, headers: Record<string, string> = {}) =>
  ask(rig, '/sessions', { body, headers: { 'content-type': 'application/json', ...headers } });
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('a create body', () => {
  it.each<[string, unknown]>([
    ['a foreign tenant', { tenantId: 'other' }],
    ['a tenant', { tenant: 'other' }],
    ['an id', { id: 'ses_0123456789abcdef' }],
    ['a time of creation', { createdAt: '2020-01-01T00:00:00Z' }],
    ['scopes', { scopes: ['admin'] }],
    ['a status', { status: 'completed' }],
    ['a type that is none', { upload_type: 'none' }],
    ['a number as type', { upload_type: 1 }],
    ['a model that is none', { model: 'best' }],
    ['a mode that is none', { session_mode: 'song' }],
    ['a template id with a path in it', { templates: ['../x'] }],
    ['templates that are no list', { templates: 'transcript' }],
    ['a language that is none', { language_hint: 'english please' }],
    ['nine languages', { language_hint: Array.from({ length: 9 }, () => 'en') }],
    ['data that are no object', { additional_data: [1] }],
    ['data that are too long', { additional_data: { a: 'x'.repeat(16_384) } }],
    ['patient details that are too long', { patient_details: { a: 'x'.repeat(16_384) } }],
    ['a list', []],
    ['a number', 7],
    ['a text', 'text'],
  ])('with %s is refused', async (_name, json) => {
    await expectRefusal(rig, BAD_REQUEST, create(json));
  });

  it.each([
    ['15 characters', 'a'.repeat(15)],
    ['65 characters', 'a'.repeat(65)],
    ['10 KB', 'a'.repeat(10_240)],
    ['nothing', ''],
    ['a path', '../../../../etc/passwd'],
    ['a slash', 'aaaaaaaa/aaaaaaaaa'],
    ['a colon', 'aaaaaaaa:aaaaaaaaa'],
    ['NUL', 'aaaaaaaa\u0000aaaaaaaaa'],
    ['a line break', 'aaaaaaaa\r\naaaaaaaaa'],
    ['braces', 'aaaaaaaa{}aaaaaaaaa'],
    ['full-width letters', '\uff41'.repeat(20)],
    ['dots only', '.'.repeat(20)],
  ])('with a session id of %s is refused', async (_name, session_id) => {
    await expectRefusal(rig, BAD_REQUEST, create({ session_id }));
  });

  it.each([
    ['half an object', '{"upload_type":'],
    ['a key of the prototype', '{"__proto__":{"upload_type":"single"}}'],
    ['a constructor', '{"constructor":{"prototype":{"polluted":true}}}'],
    ['33 levels', `{"additional_data":${nested(33)}}`],
    ['100000 levels', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['a number that is infinite', '{"session_id":1e999}'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x7d]).toString('latin1')],
  ])('of %s is refused', async (_name, body) => {
    await expectRefusal(rig, BAD_REQUEST, () => createText(body));
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('is taken with 256 KB at most, as JSON only, and never compressed', async () => {
    const body = JSON.stringify({ additional_data: { a: 'x'.repeat(262_144) } });
    await expectRefusal(rig, [413, 'payload_too_large'], () => createText(body));
    const unsupported = [415, 'unsupported_media_type'] as const;
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'multipart/form-data',
    ]) {
      await expectRefusal(rig, unsupported, () => createText('{}', { 'content-type': type }));
    }
    for (const coding of ['gzip', 'br', 'deflate', 'identity, gzip']) {
      await expectRefusal(rig, unsupported, () =>
        ask(rig, '/sessions', {
          body: gzipSync('{}'),
          headers: { 'content-type': 'application/json', 'content-encoding': coding },
        }),
      );
    }
    expect((await createText('{}', { 'content-encoding': 'identity' })).status).toBe(201);
  });

  it('that is duplicated in keys counts once, by the last', async () => {
    const answer = await createText('{"upload_type":"stream","upload_type":"chunked"}');
    expect(String(answer.body['upload_url'])).toMatch(/^http:.*\/sessions\/ses_/);
  });
});

describe('an End or a change', () => {
  it.each<[string, number, string, unknown]>([
    ['a negative count', 400, 'end', { audio_files_sent: -1 }],
    ['half a file', 400, 'end', { audio_files_sent: 1.5 }],
    ['a count as text', 400, 'end', { audio_files_sent: '1' }],
    ['a count beyond all integers', 400, 'end', { audio_files_sent: 2 ** 60 }],
    ['a list', 400, 'end', []],
    ['an unknown field', 422, '', { tenant: 'other' }],
    ['an id', 422, '', { session_id: 'ses_0123456789abcdef' }],
    ['an upload type', 422, '', { upload_type: 'stream' }],
    ['three templates', 422, '', { templates: ['a', 'b', 'c'] }],
    ['a long status', 422, '', { user_status: 'x'.repeat(65) }],
  ])('with %s is refused with %i', async (_name, status, action, json) => {
    const { id } = await newSession(rig, { upload_type: 'chunked' });
    const path = action === '' ? `/sessions/${id}` : `/sessions/${id}/${action}`;
    const method = action === '' ? 'PATCH' : 'POST';
    await expectRefusal(rig, [status, 'invalid_request'], () => ask(rig, path, { method, json }));
  });
});

describe('a session id in a path', () => {
  const odd = [
    'ses_unknown000000000',
    '..%2f..%2fsecret',
    '..%2f..%2f_earshot%2fkeys',
    '%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e',
    'a%2fb-a%2fb-a%2fb-a%2fb',
    'aaaaaaaaaaaaaaaa%00',
    'aaaaaaaaaaaaaaaa%0d%0aX:y',
    'aaaaaaaaaaaaaaaa.',
    'aaaaaaaaaaaaaaaa%20',
    '%7b%7d%7b%7d%7b%7d%7b%7d%7b%7d%7b%7d%7b%7d%7b%7d',
    '%EF%BD%81%EF%BD%82%EF%BD%83%EF%BD%84%EF%BD%85%EF%BD%86',
    '__proto__',
    'constructor',
    '',
  ];
  it.each(odd)('%s answers as an unknown one', async (id) => {
    for (const [method, tail] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/end'],
      ['GET', '/audio'],
    ] as const) {
      const path = `/voice/v1/sessions/${id}${tail}`;
      const answer = await expectRefusal(rig, [404, 'session_not_found'], () =>
        rawCall(rig, { method, path }),
      );
      expect(answer.body).toMatchObject({ error: { message: 'No such session.' } });
    }
  });

  it.each([
    ['%c0%ae%c0%ae', 400],
    ['%zz', 400],
    ['a'.repeat(10_240), 404],
  ])('%s is no path at all', async (id, status) => {
    const answer = await rawCall(rig, { path: `/voice/v1/sessions/${id}/end`, method: 'POST' });
    expect([answer.status, codeOf(answer)]).toEqual([
      status,
      status === 400 ? 'invalid_request' : 'resource_not_found',
    ]);
  });
});

describe('a list', () => {
  it.each([
    'limit=0',
    'limit=-1',
    'limit=101',
    'limit=1000000000',
    'limit=1.5',
    'limit=x',
    'limit=',
    'limit=NaN',
    'limit=1&limit=2',
    'limit[]=1',
    'page=2',
    'cursor=',
    'cursor=!!!!',
    'cursor=AAAA',
    'cursor=Li4vLi4v',
    `cursor=${Buffer.from('000000000000001:../../../../etc').toString('base64url')}`,
    `cursor=${Buffer.from('000000000000001:\u00ff\u00ff\u00ff').toString('base64url')}`,
    `cursor=${'A'.repeat(300)}`,
  ])('with %s is refused', async (query) => {
    const { body } = await expectRefusal(rig, BAD_REQUEST, () => ask(rig, `/sessions?${query}`));
    expect(JSON.stringify(body)).not.toContain('NaN');
  });

  it('goes through every session once, and another tenant can do nothing with its cursor', async () => {
    const key = await keyOf(rig, 'pages');
    const headers = { authorization: `Bearer ${key}` };
    const made = [];
    for (let i = 0; i < 5; i++) made.push((await newSession(rig, {}, headers)).id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null && seen.length < 10; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await ask(rig, `/sessions?limit=2${query}`, { headers });
      const page = SessionListResponse.parse(body);
      expect(page.sessions.length).toBeLessThanOrEqual(2);
      seen.push(...page.sessions.map(({ session_id }) => session_id));
      cursor = page.next_cursor;
      const foreign = await ask(rig, `/sessions?limit=100${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(foreign.status).toBe(200);
      expect(JSON.stringify(foreign.body)).not.toMatch(new RegExp(made.join('|')));
    }
    expect(seen).toEqual(made.toReversed());
  });

  it.each(['wait=-1', 'wait=x', 'wait=1e9', 'wait=1&wait=2'])('of nothing: %s is refused', async (query) => {
    const { id } = await newSession(rig, {});
    await expectRefusal(rig, BAD_REQUEST, () => ask(rig, `/sessions/${id}?${query}`));
    const { body } = await ask(rig, `/sessions/${id}?${query}`);
    const message = 'seconds, from 0 to 3600; no more than 14 are waited';
    expect(body).toMatchObject({ error: { details: { fields: [{ path: 'wait', message }] } } });
    expect(codeOf(await ask(rig, `/sessions/${id}/transcript?format=exe`))).toBe('invalid_request');
    expect(codeOf(await ask(rig, `/sessions/${id}/audio?track=../x`))).toBe('invalid_request');
  });
});

describe('a version', () => {
  it.each(['9.9', '0.2', '1', 'latest', '0.1, 0.1', ''])(
    '%p is refused with those that are spoken',
    async (version) => {
      const answer = await expectRefusal(rig, [400, 'unsupported_version'], () =>
        ask(rig, '/sessions', { json: {}, headers: { 'msa-version': version } }),
      );
      expect(answer.body).toMatchObject({
        error: { details: { requested_version: version, supported_versions: ['0.1'] } },
      });
    },
  );

  it('0.1 is spoken, and discovery answers whatever is asked', async () => {
    expect((await ask(rig, '/sessions', { json: {}, headers: { 'msa-version': '0.1' } })).status).toBe(201);
    const discovery = await ask(rig, '/.well-known/medscribealliance', { headers: { 'msa-version': '9.9' } });
    expect(discovery.status).toBe(200);
  });
});

describe('a repeated request', () => {
  const key = () => randomBytes(8).toString('hex');

  it('to create answers alike by its id and by its key, and other content is a conflict', async () => {
    const session_id = `repeated-${randomBytes(8).toString('hex')}`;
    const first = await ask(rig, '/sessions', { json: { session_id, upload_type: 'stream' } });
    const before = await storedObjects(rig);
    const again = await ask(rig, '/sessions', { json: { session_id, upload_type: 'stream' } });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(await storedObjects(rig)).toEqual(before);
    await expectRefusal(rig, [409, 'session_conflict'], create({ session_id, upload_type: 'single' }));
    const headers = { 'idempotency-key': key() };
    const json = { upload_type: 'chunked' };
    const made = await ask(rig, '/sessions', { json, headers });
    expect((await ask(rig, '/sessions', { json, headers })).body).toEqual(made.body);
    await expectRefusal(rig, [422, 'idempotency_conflict'], () =>
      ask(rig, '/sessions', { json: {}, headers }),
    );
    const others = { ...headers, authorization: `Bearer ${await keyOf(rig, 'others')}` };
    const other = await ask(rig, '/sessions', { json, headers: others });
    expect(other.status).toBe(201);
    expect(other.body['session_id']).not.toBe(made.body['session_id']);
  });

  it('by the dozen at once makes one session, one End, one manifest', async () => {
    const headers = { 'idempotency-key': key() };
    const many = <T>(call: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 12 }, call));
    const made = await many(() => ask(rig, '/sessions', { json: { upload_type: 'chunked' }, headers }));
    expect(new Set(made.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    const id = String(made[0]?.body['session_id']);
    await upload(rig, id, 'audio_0.wav', { body: wav });
    const ends = await many(() => end(rig, id, { audio_files_sent: 1 }));
    expect(ends.map(({ status }) => status)).toEqual(ends.map(() => 202));
    expect(new Set(ends.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const keys = Object.keys(await storedObjects(rig)).filter((name) => name.includes(id));
    expect(keys.filter((name) => name.endsWith('manifest.json'))).toHaveLength(1);
  });

  it.each([
    ['300 characters', 'k'.repeat(300)],
    ['nothing', ''],
  ])('with a key of %s is refused', async (_name, value) => {
    const headers = { 'idempotency-key': value, 'content-type': 'application/json' };
    const call = { method: 'POST', path: '/voice/v1/sessions', headers, chunks: [Buffer.from('{}')] };
    await expectRefusal(rig, BAD_REQUEST, () => rawCall(rig, call));
  });
});

describe('a webhook', () => {
  const good = { url: 'https://203.0.113.9.example/hook', events: ['session.completed'] };
  it.each<[string, object]>([
    ['no events', { ...good, events: [] }],
    ['an unknown event', { ...good, events: ['session.deleted'] }],
    ['a short secret', { ...good, secret: 'short' }],
    ['an unknown field', { ...good, tenant: 'other' }],
    ...[
      'http://example.com/',
      'ftp://example.com/',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'nonsense',
      '',
      'https://127.0.0.1/',
      'https://127.1/',
      'https://2130706433/',
      'https://0x7f000001/',
      'https://0/',
      'https://localhost/',
      'https://LOCALHOST./',
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[64:ff9b::7f00:1]/',
      'https://[fd00::1]/',
      'https://169.254.169.254/',
      'https://10.0.0.1/',
      'https://192.168.1.1/',
      'https://100.64.0.1/',
      'https://user:secret@example.com/',
      'https://example.com:22/',
      `https://example.com/${'a'.repeat(2048)}`,
    ].map((url): [string, object] => [`the URL ${url.slice(0, 40)}`, { ...good, url }]),
  ])('with %s is refused', async (_name, json) => {
    await expectRefusal(rig, BAD_REQUEST, () => ask(rig, '/webhooks', { json }));
  });

  it('at a private address is told what is wanted, and which setting allows it', async () => {
    const json = { ...good, url: 'http://127.0.0.1:9099/' };
    const answer = await expectRefusal(rig, BAD_REQUEST, () => ask(rig, '/webhooks', { json }));
    const message = expect.stringMatching(
      /has to be https .* public addresses .* EARSHOT_WEBHOOK_ALLOW_INSECURE/,
    );
    expect(answer.body).toMatchObject({ error: { message } });
  });
});
