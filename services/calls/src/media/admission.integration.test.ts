import { once } from 'node:events';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MediaBench, startMediaBench } from './testing/media-bench.ts';

const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
const SESSION = '/api/v1/sessions/lin_desk/calls/call_a/media';
const BEARER = { headers: { Authorization: 'Bearer tenant-key' } };

let now: number;
let bench: MediaBench;

beforeEach(async () => {
  now = 1_000_000;
  bench = await startMediaBench({ elapsedMs: () => now + performance.now() });
  bench.calls.add({ callId: 'call_a' });
});

afterEach(() => bench.close());

const tokenOf = (path: string): string => path.slice(path.indexOf('=') + 1);

describe('a media token', () => {
  it('lets exactly one of fifty clients in that use it at the same time, every time', async () => {
    for (let round = 0; round < 25; round += 1) {
      const path = bench.path('call_a', round % 2 === 0 ? 'listen' : 'talk');
      const tries = Array.from({ length: 50 }, async () => {
        try {
          return await bench.join(path);
        } catch (error) {
          expect(String(error)).toContain('401');
          return undefined;
        }
      });
      const joined = (await Promise.all(tries)).filter((client) => client !== undefined);
      expect(joined).toHaveLength(1);
      joined[0]!.socket.terminate();
    }
    expect(bench.observed.refused).toEqual(Array.from({ length: 25 * 49 }, () => 'media_token_invalid'));
  });

  it('is spent by its first use, also when that was refused', async () => {
    const path = bench.path('call_a', 'listen');
    const { socket } = await bench.join(path);
    expect(await bench.refusal(path)).toMatchObject({ status: 401, code: 'media_token_invalid' });
    socket.terminate();
    expect(await bench.refusal(path)).toMatchObject({ status: 401 });
  });

  it('is worth nothing when its time is over, while who has joined stays', async () => {
    const [used, unused] = [bench.path('call_a', 'listen'), bench.path('call_a', 'listen')];
    const { socket } = await bench.join(used);
    now += LIMITS.mediaTokenSeconds * 1000;
    expect(await bench.refusal(unused)).toMatchObject({ status: 401, code: 'media_token_invalid' });
    expect(socket.readyState).toBe(socket.OPEN);
  });

  it('opens no other call and no other line', async () => {
    bench.calls.add({ callId: 'call_b' });
    for (const place of ['lin_desk/call_b', 'lin_other/call_a', 'lin_desk/call_unknown']) {
      const token = tokenOf(bench.path('call_a', 'talk'));
      const refused = await bench.refusal(`/call/media/realtime/ws/${place}?token=${token}`);
      expect(refused).toMatchObject({ status: 401, code: 'media_token_invalid' });
    }
  });

  it('is needed, once, and in one form', async () => {
    const [one, other] = [bench.path('call_a', 'talk'), bench.path('call_a', 'talk')];
    const path = one.slice(0, one.indexOf('?'));
    for (const query of ['', '?token=', '?token=emt_x', `?token=${tokenOf(one)}&token=${tokenOf(other)}`]) {
      expect(await bench.refusal(path + query)).toMatchObject({ status: 401, code: 'media_token_invalid' });
    }
  });

  it('may come as a subprotocol, with or without ours beside it', async () => {
    const tokens = [bench.path('call_a', 'listen'), bench.path('call_a', 'listen')].map(tokenOf);
    const path = '/call/media/realtime/ws/lin_desk/call_a';
    const protocols = tokens.map((token) => `earshot.token.${token}`);
    const spoken = await bench.join(path, { protocols: [protocols[0]!, 'earshot.media.v1'] });
    expect(spoken.socket.protocol).toBe('earshot.media.v1');
    const plain = await bench.join(path, { protocols: [protocols[1]!] });
    bench.calls.add({ callId: 'call_z' });
    await until(() => spoken.texts.length > 0);
    expect(plain.texts).toEqual([]);
    expect(await bench.refusal(path, { protocols: [protocols[0]!] })).toMatchObject({ status: 401 });
  });

  it('is worth nothing for a call that is over, and none is made for it', async () => {
    const call = bench.calls.add({ callId: 'call_b' });
    const path = bench.path('call_b', 'listen');
    bench.edge.callEnded('call_b');
    call.end();
    expect(await bench.refusal(path)).toMatchObject({ status: 401, code: 'media_token_invalid' });
    expect(() => bench.path('call_b', 'listen')).toThrow(
      expect.objectContaining({ code: 'call_not_active' }),
    );
  });

  it('does not open a call whose audio does not flow yet', async () => {
    bench.calls.add({ callId: 'call_b', state: 'ringing' });
    const refused = await bench.refusal(bench.path('call_b', 'listen'));
    expect(refused).toMatchObject({ status: 409, code: 'call_not_active' });
  });

  it('goes with the key that it was made with', async () => {
    const refused = await bench.refusal(bench.path('call_a', 'listen', () => Promise.resolve(false)));
    expect(refused).toMatchObject({ status: 401, code: 'media_token_invalid' });
    const failing = () => Promise.reject(new EarshotError('service_unavailable'));
    expect(await bench.refusal(bench.path('call_a', 'listen', failing))).toMatchObject({ status: 503 });
  });

  it('is found in no log line, no counter, no refusal and no request that others see', async () => {
    const paths = Array.from({ length: 8 }, (_, index) =>
      bench.path('call_a', index < 4 ? 'talk' : 'listen'),
    );
    const [talk = '', listen = '', late = '', foreign = ''] = [paths[0], paths[4], paths[1], paths[5]];
    const talker = await bench.join(talk);
    const listener = await bench.join(listen);
    const bodies = [
      await bench.refusal(talk),
      await bench.refusal(foreign.replace('call_a', 'call_b')),
      await bench.refusal(paths[6]!, { headers: { Origin: 'https://evil.example' } }),
      await bench.refusal(paths[7]!.replace('?token=', '?token=%00')),
      await bench
        .refusal(`${paths[2]}&x=${'y'.repeat(500)}`, { protocols: ['a b'] })
        .catch(() => ({ body: '' })),
    ].map(({ body }) => body);
    talker.socket.send('{"type":"mark"');
    now += LIMITS.mediaTokenSeconds * 1000;
    bodies.push((await bench.refusal(late)).body);
    listener.socket.terminate();
    talker.socket.close();
    await until(() => bench.edge.clients === 0);
    const everything = [...bench.written, ...bodies, ...bench.observed.refused].join('\n');
    expect(everything).toContain('upgrade /call/media/realtime/ws/lin_desk/call_a');
    for (const path of paths) expect(everything).not.toContain(tokenOf(path).slice(4, 20));
  });
});

describe('an upgrade with a key', () => {
  it('joins an active call of the tenant, or of the line that the key is for', async () => {
    bench.keys.set('desk-key', { tenant: 'clinic', line: 'lin_desk' });
    for (const key of ['tenant-key', 'desk-key']) {
      const client = await bench.join(SESSION, { headers: { Authorization: `Bearer ${key}` } });
      await until(() => client.texts.length > 0);
      expect(client.events()[0]).toMatchObject({ type: 'ready', media: { encoding: 'Float32LE' } });
      client.socket.terminate();
    }
  });

  it('answers 404 for unknown calls and lines, for those of others, and for other lines than the key’s', async () => {
    bench.keys.set('other-tenant', { tenant: 'other', line: null });
    bench.keys.set('other-line', { tenant: 'clinic', line: 'lin_other' });
    for (const [key, path] of [
      ['tenant-key', SESSION.replace('call_a', 'call_none')],
      ['tenant-key', SESSION.replace('lin_desk', 'lin_none')],
      ['other-tenant', SESSION],
      ['other-line', SESSION],
    ] as const) {
      const refused = await bench.refusal(path, { headers: { Authorization: `Bearer ${key}` } });
      expect(refused).toMatchObject({ status: 404, code: 'call_not_found' });
    }
  });

  it('answers 401 without a key, with a wrong one, and to cookies and queries', async () => {
    expect(await bench.refusal(SESSION)).toMatchObject({ status: 401, code: 'invalid_api_key' });
    const cookie = { headers: { Cookie: 'authorization=Bearer tenant-key' } };
    expect(await bench.refusal(SESSION, cookie)).toMatchObject({ status: 401 });
    expect(await bench.refusal(`${SESSION}?token=tenant-key`)).toMatchObject({ status: 401 });
    const { path } = { path: bench.path('call_a', 'talk') };
    expect(await bench.refusal(`${SESSION}?token=${tokenOf(path)}`)).toMatchObject({ status: 401 });
  });

  it('answers 409 unless audio flows', async () => {
    for (const state of ['initiating', 'ringing', 'ended'] as const) {
      bench.calls.add({ callId: 'call_a', state });
      expect(await bench.refusal(SESSION, BEARER)).toMatchObject({ status: 409, code: 'call_not_active' });
    }
  });
});

describe('an upgrade of any kind', () => {
  it('is left to others when its path is none of ours', async () => {
    for (const path of [
      '/',
      '/call/media/realtime/ws/only-one',
      `${SESSION}/more`,
      '/api/v1/sessions/%ff/calls/a/media',
    ]) {
      expect(await bench.refusal(path)).toMatchObject({ status: 418 });
    }
    expect(bench.written).toEqual([]);
  });

  it('is refused to pages of other sites, and not to ours or to programs', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      'https://app.example.evil.example',
      'http://app.example',
    ]) {
      const headers = { ...BEARER.headers, Origin: origin };
      expect(await bench.refusal(SESSION, { headers })).toMatchObject({ status: 403, code: 'forbidden' });
    }
    for (const origin of ['https://app.example', 'http://localhost:5173']) {
      const { socket } = await bench.join(bench.path('call_a', 'listen'), { headers: { Origin: origin } });
      socket.terminate();
    }
  });

  it('does not spend a token of somebody whose page is refused', async () => {
    const path = bench.path('call_a', 'listen');
    await bench.refusal(path, { headers: { Origin: 'https://evil.example' } });
    (await bench.join(path)).socket.terminate();
  });

  it.each([
    ['no key', { ...UPGRADE }, 400],
    ['a short key', { ...UPGRADE, 'Sec-WebSocket-Key': 'abc' }, 400],
    [
      'another version',
      { ...UPGRADE, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '12' },
      400,
    ],
    [
      'another protocol',
      { ...UPGRADE, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', Upgrade: 'h2c' },
      400,
    ],
  ])('is refused with a reason: %s', async (_what, headers, status) => {
    const answer = await fetchUpgrade(bench.port, headers);
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(answer).toContain('"code":"invalid_request"');
  });

  it('is refused with 503 beyond the most listeners of a call, which talkers do not count for', async () => {
    const listeners = await Promise.all(
      Array.from({ length: LIMITS.maxListenersPerCall }, () => bench.join(bench.path('call_a', 'listen'))),
    );
    expect(await bench.refusal(bench.path('call_a', 'listen'))).toMatchObject({ status: 503 });
    await bench.join(bench.path('call_a', 'talk'));
    listeners[0]!.socket.terminate();
    await until(() => bench.edge.clients === LIMITS.maxListenersPerCall);
    await bench.join(bench.path('call_a', 'listen'));
  });

  it('is refused with 503 while the server stops, whose clients hear 1012', async () => {
    const path = bench.path('call_a', 'listen');
    const client = await bench.join(bench.path('call_a', 'talk'));
    const closing = bench.edge.close(2000);
    expect(await bench.refusal(path)).toMatchObject({ status: 503, code: 'shutting_down' });
    expect(await client.closed).toMatchObject({ code: 1012 });
    await closing;
    expect(() => bench.path('call_a', 'talk')).toThrow(expect.objectContaining({ code: 'shutting_down' }));
  });
});

async function fetchUpgrade(port: number, headers: Record<string, string>): Promise<string> {
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${SESSION} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  return Buffer.concat(parts).toString();
}
