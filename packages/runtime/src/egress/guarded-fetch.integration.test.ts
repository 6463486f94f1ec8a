import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGuardedFetch } from './guarded-fetch.ts';
import type { ResolvedAddress } from './policy.ts';

const pem = (name: string) =>
  readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const unreachable = { code: 'upstream_unreachable', message: 'The remote server could not be reached.' };
const open: Server[] = [];
const sockets = new Set<{ destroy(): void }>();

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  server.on('connection', (socket) => sockets.add(socket));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}
const plain = (listener: RequestListener) => listen(createHttp(listener));
const secure = (listener: RequestListener, host?: string) =>
  listen(createHttps({ cert: pem('hook'), key: pem('hook.key') }, listener), host);

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const development = createGuardedFetch({ allowPrivate: true });
const at = (...addresses: string[]): ResolvedAddress[] =>
  addresses.map((address) => ({ address, family: 4 }));
async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

describe('the guarded fetch', () => {
  it('sends a request over TLS to the checked address and gives status, headers and body', async () => {
    const port = await secure((request, response) => {
      void textOf(request).then((body) => {
        const seen = { host: request.headers.host, body, encoding: request.headers['accept-encoding'] };
        response.writeHead(202, { 'x-answer': 'yes' }).end(JSON.stringify({ ...seen, path: request.url }));
      });
    });
    const names: string[] = [];
    const guarded = createGuardedFetch({
      allowPrivate: false,
      allowNetworks: ['127.0.0.1/32'],
      ports: [port],
      ca: pem('authority'),
      resolver: (name) => {
        names.push(name);
        return Promise.resolve(at('127.0.0.1'));
      },
    });
    const answer = await guarded(`https://hook.example:${port}/a?b=1`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-own': '1' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers['x-answer']).toBe('yes');
    expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({
      host: `hook.example:${port}`,
      body: 'hello',
      encoding: 'identity',
      path: '/a?b=1',
    });
    expect(names).toEqual(['hook.example']);
  });

  it('refuses a certificate that is unknown or for another name', async () => {
    const port = await secure((_request, response) => response.end());
    const policy = { allowPrivate: true, resolver: () => Promise.resolve(at('127.0.0.1')) };
    await expect(createGuardedFetch(policy)(`https://hook.example:${port}/`)).rejects.toMatchObject(
      unreachable,
    );
    const trusting = createGuardedFetch({ ...policy, ca: pem('authority') });
    await expect(trusting(`https://hook.example:${port}/`)).resolves.toMatchObject({ status: 200 });
    await expect(trusting(`https://other.example:${port}/`)).rejects.toMatchObject(unreachable);
  });

  it('never dials an address that a rebinding name server slips in later', async () => {
    const hits: string[] = [];
    const port = await secure((_request, response) => response.end('public'));
    const inner = createHttps({ cert: pem('hook'), key: pem('hook.key') }, (request, response) => {
      hits.push(request.url ?? '');
      response.end('private');
    });
    open.push(inner);
    inner.on('connection', (socket) => {
      hits.push('connection');
      sockets.add(socket);
    });
    await new Promise<void>((resolve) => inner.listen(port, '127.0.0.2', resolve));
    let turn = 0;
    const answers = [at('127.0.0.1'), at('127.0.0.2'), at('127.0.0.1', '127.0.0.2'), []];
    const guarded = createGuardedFetch({
      allowPrivate: false,
      allowNetworks: ['127.0.0.1'],
      ports: [port],
      ca: pem('authority'),
      resolver: () => Promise.resolve(answers[turn++ % answers.length]!),
    });
    for (let round = 0; round < 25; round++) {
      const outcomes = await Promise.allSettled(answers.map(() => guarded(`https://hook.example:${port}/`)));
      expect(outcomes.map((outcome) => outcome.status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
      ]);
    }
    expect(hits).toEqual([]);
  });

  it('refuses a forbidden URL before any connection, and says only that', async () => {
    const guarded = createGuardedFetch({
      allowPrivate: false,
      resolver: () => Promise.resolve(at('127.0.0.1')),
    });
    await expect(guarded('https://127.0.0.1/')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(guarded('http://hook.example/')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(guarded('https://hook.example/')).rejects.toMatchObject(unreachable);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a %i', async (status) => {
    let canary = 0;
    const target = await plain((_request, response) => {
      canary += 1;
      response.end();
    });
    const port = await plain((_request, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${target}/` }).end(),
    );
    await expect(development(`http://127.0.0.1:${port}/`)).rejects.toMatchObject(unreachable);
    expect(canary).toBe(0);
  });

  it('takes a body up to the cap and not a byte more, declared or not', async () => {
    const port = await plain((request, response) => {
      const bytes = Number(request.url?.slice(2));
      if (request.url?.startsWith('/d')) response.setHeader('content-length', bytes);
      response.write(Buffer.alloc(bytes - 1));
      response.end('a');
    });
    const get = (path: string) => development(`http://127.0.0.1:${port}${path}`, { maxResponseBytes: 1000 });
    expect((await get('/d1000')).body).toHaveLength(1000);
    expect((await get('/c1000')).body).toHaveLength(1000);
    await expect(get('/d1001')).rejects.toMatchObject(unreachable);
    await expect(get('/c1001')).rejects.toMatchObject(unreachable);
  });

  it('stops reading an endless body, and needs no body when told to discard it', async () => {
    const port = await plain((_request, response) => {
      response.writeHead(200, { 'content-length': '1000000000000' });
      const timer = setInterval(() => response.write(Buffer.alloc(16_384)), 1);
      response.on('close', () => clearInterval(timer));
    });
    await expect(development(`http://127.0.0.1:${port}/`)).rejects.toMatchObject(unreachable);
    const answer = await development(`http://127.0.0.1:${port}/`, { discardBody: true });
    expect(answer).toMatchObject({ status: 200, body: new Uint8Array(0) });
  });

  it('gives a slow answer no more time than the total, however it drips', async () => {
    const port = await plain((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const startedAt = performance.now();
    await expect(development(`http://127.0.0.1:${port}/`, { timeoutMs: 200 })).rejects.toMatchObject(
      unreachable,
    );
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it.each([
    ['closes at once', ''],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['answers 101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['sends only interim answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)],
    ['sends a huge head', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`],
  ])('fails in the same words when the other side %s', async (_name, bytes) => {
    const port = await listen(
      createTcp((socket) => {
        socket.on('error', () => undefined);
        if (bytes === '') socket.destroy();
        else socket.write(bytes);
      }),
    );
    await expect(development(`http://127.0.0.1:${port}/`, { timeoutMs: 500 })).rejects.toMatchObject(
      unreachable,
    );
  });

  it('fails in the same words when nobody listens or the caller gives up', async () => {
    await expect(development('http://127.0.0.1:1/')).rejects.toMatchObject(unreachable);
    const port = await plain(() => undefined);
    const signal = AbortSignal.timeout(50);
    await expect(development(`http://127.0.0.1:${port}/`, { signal })).rejects.toMatchObject(unreachable);
  });
});
