import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readUrl } from '@earshot/runtime';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createBench, entryOf, localEgress, PRINCIPAL } from './testing/bench.ts';
import { goodAnswer, type Sink, sendJson, startHttpSink, startRawSink } from './testing/sink.ts';

const KEY_A = 'planted-key-a-0123456789';
const KEY_B = 'planted-key-b-0123456789';
const PATH = '/v1/realtime/client_secrets';

/** Every connection that the HTTP client is about to open, told by the client itself. */
const dials: string[] = [];
const onDial = (message: unknown): void => {
  const { connectParams } = message as { connectParams: { protocol: string; host: string } };
  dials.push(`${connectParams.protocol}//${connectParams.host}`);
};

let good: Sink;
let plain: Sink;
let thief: Sink;
beforeAll(async () => {
  good = await startHttpSink((response) => sendJson(response, goodAnswer()), { secure: true });
  plain = await startHttpSink((response) => sendJson(response, goodAnswer()));
  thief = await startRawSink();
  subscribe('undici:client:beforeConnect', onDial);
});
afterAll(async () => {
  unsubscribe('undici:client:beforeConnect', onDial);
  await Promise.all([good, plain, thief].map((sink) => sink.close()));
});

const SCHEMES = [
  'https://',
  'http://',
  'HTTPS://',
  'https:',
  'https:/',
  'https:///',
  'https:\\\\',
  '//',
  '',
  'ws://',
  'wss://',
  'ftp://',
  'gopher://',
  'file:///',
  'unix:',
  'data:text/plain,',
  'javascript:',
  'blob:https://',
];
const HOSTS = [
  'hook.example',
  'HOOK.Example',
  'hook.example.',
  'hook.example.evil.example',
  'evil.example',
  'xhook.example',
  'h\u043e\u043ek.example',
  '\u24d7ook.example',
  'hook\u3002example',
  'hook%2eexample',
  'hook.example%00.evil.example',
  'xn--hok-fxa.example',
  '127.0.0.1',
  '127.1',
  '0',
  '0.0.0.0',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '\u2460\u2461\u2466.0.0.1',
  'localhost',
  'localhost.',
  'LOCALHOST',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[fe80::1%25eth0]',
  '[fd00::1]',
  '[fec0::1]',
  '[fd00:ec2::254]',
  '169.254.169.254',
  '100.100.100.200',
  '192.0.0.192',
  'metadata.google.internal',
  '10.0.0.0',
  '172.31.255.255',
  '192.168.0.1',
  '198.18.0.1',
  '255.255.255.255',
];
const BREAKERS = [
  '\t',
  '\n',
  '\r\n',
  '\u0000',
  ' ',
  '\\',
  '@',
  '#',
  '?',
  ':',
  '/',
  '%00',
  '%0d%0a',
  '\u2028',
];

/** Endpoints near to the allowed ones and far from them; most differ in one place only. */
function endpoints() {
  const ports = [good.port, plain.port, thief.port, 0, 22, 25, 443, 6379, 65_536].map((port) => `:${port}`);
  const users = ['@', 'u@', 'u:p@', 'hook.example@', `hook.example:${good.port}@`, 'hook.example\\@', 'a%40'];
  const tails = [
    '/mint',
    '',
    '/',
    `${PATH}/`,
    `${PATH}?x=1`,
    `${PATH}?`,
    `${PATH}#@evil.example`,
    `${PATH}#`,
    `/x/..${PATH}`,
    `/.${PATH}`,
    '/v1/realtime/../realtime/client_secrets',
    '/v1/realtime%2fclient_secrets',
    `${PATH};x`,
    `${PATH}\r\nX-Evil: 1`,
    `//evil.example${PATH}`,
    `@evil.example${PATH}`,
    `/${'a'.repeat(300_000)}`,
  ];
  const near = (first: string, others: string[]) =>
    fc.oneof(
      { arbitrary: fc.constant(first), weight: 2 },
      { arbitrary: fc.constantFrom(...others), weight: 1 },
    );
  const https = fc.tuple(
    near('https://', SCHEMES),
    near('', users),
    near('hook.example', HOSTS),
    near(`:${good.port}`, [...ports, '', ':', ':443 ']),
    near(PATH, tails),
  );
  const http = fc.tuple(
    near('http://', SCHEMES),
    near('', users),
    near('127.0.0.1', HOSTS),
    near(`:${plain.port}`, ports),
    near('/mint', tails),
  );
  const joined = fc.oneof(https, http).map((parts) => parts.join(''));
  const broken = fc
    .tuple(joined, fc.constantFrom(...BREAKERS), fc.nat(40))
    .map(([text, breaker, at]) => text.slice(0, at) + breaker + text.slice(at));
  return fc.oneof(
    { arbitrary: joined, weight: 6 },
    { arbitrary: broken, weight: 3 },
    { arbitrary: fc.webUrl({ withFragments: true, withQueryParameters: true }), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
  );
}

/** Which provider a text names, by the parts of the parsed URL. */
function meant(text: string): 'a' | 'b' | 'none' {
  const url = readUrl(text);
  if (url === undefined) return 'none';
  if (/[?#]/.test(url.href) || url.username !== '' || url.password !== '') return 'none';
  const place = [url.protocol, url.hostname, url.port, url.pathname].join(' ');
  if (place === `https: hook.example ${good.port} ${PATH}`) return 'a';
  return place === `http: 127.0.0.1 ${plain.port} /mint` ? 'b' : 'none';
}

describe('an endpoint', () => {
  it('leads nowhere but to the providers of the operator, and takes no key elsewhere', async () => {
    const asked: string[] = [];
    const entries = [
      entryOf({ name: 'a', origin: `https://hook.example:${good.port}`, apiKey: KEY_A, default: true }),
      entryOf({
        name: 'b',
        origin: `http://127.0.0.1:${plain.port}`,
        path: '/mint',
        apiKey: KEY_B,
        allowPrivate: true,
      }),
    ];
    const { broker, lines, audit } = createBench(entries, { egress: localEgress(asked) });
    const counts = { a: 0, b: 0, none: 0 };
    await fc.assert(
      fc.asyncProperty(endpoints(), async (endpoint) => {
        const target = meant(endpoint);
        counts[target] += 1;
        const before = [dials.length, asked.length, good.connections() + plain.connections()];
        const made = broker.create({ model: 'm', voice: 'v', type: 'realtime', endpoint }, PRINCIPAL);
        if (target === 'none') {
          await expect(made).rejects.toMatchObject({ code: 'invalid_request' });
          expect([dials.length, asked.length, good.connections() + plain.connections()]).toEqual(before);
        } else {
          expect((await made).session.client_secret.value).toMatch(/^ek_minted_secret_\d{8}$/);
        }
      }),
      { numRuns: 10_000 },
    );
    expect(counts.a + counts.b + counts.none).toBe(10_000);
    expect(Math.min(counts.a, counts.b)).toBeGreaterThan(50);
    expect([good.requests.length, plain.requests.length, audit.size]).toEqual([
      counts.a,
      counts.b,
      counts.a + counts.b,
    ]);
    const allowed = [`https://hook.example:${good.port}`, `http://127.0.0.1:${plain.port}`];
    expect(dials.length).toBe(counts.a + counts.b);
    expect(dials.filter((dial) => !allowed.includes(dial))).toEqual([]);
    expect(asked.filter((name) => name !== 'hook.example')).toEqual([]);
    expect([thief.connections(), thief.requests]).toEqual([0, []]);
    expect(good.requests.every((text) => text.includes(KEY_A) && !text.includes(KEY_B))).toBe(true);
    expect(plain.requests.every((text) => text.includes(KEY_B) && !text.includes(KEY_A))).toBe(true);
    const told = lines.join('') + [...audit.values()].join('');
    expect(told).toContain('realtime secret created');
    for (const canary of [KEY_A, KEY_B, 'ek_minted_secret']) expect(told).not.toContain(canary);
  }, 120_000);
});
