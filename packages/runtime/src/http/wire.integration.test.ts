import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, stopTestServers } from '../testing/test-server.ts';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopTestServers();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A connection that remembers what it was sent and when it was closed. */
function dial(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  let received = '';
  socket.on('data', (part: Buffer) => {
    received += part.toString();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  return { socket, closed, received: () => received };
}

async function exchange(port: number, bytes: string): Promise<{ status: number; code: string }> {
  const line = dial(port);
  line.socket.write(bytes);
  const answer = await line.closed;
  const [, body = ''] = answer.split('\r\n\r\n');
  return { status: Number(answer.split(' ', 2)[1]), code: JSON.parse(body).error.code };
}

const head = 'POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

describe('bytes that are no request', () => {
  it.each([
    ['both a length and chunks', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a negative length', `${head}Content-Length: -1\r\n\r\n`],
    ['an unknown coding', `${head}Transfer-Encoding: chunked, identity\r\n\r\n`],
    ['a bad chunk', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n'],
  ])('for having %s are answered 400 and cut off', async (_name, bytes) => {
    const { port } = await startTestServer();
    expect(await exchange(await port(), bytes)).toEqual({ status: 400, code: 'invalid_request' });
  });

  it('for having no host are answered 400', async () => {
    const { port } = await startTestServer();
    const line = dial(await port());
    line.socket.write('GET /healthz HTTP/1.1\r\n\r\n');
    expect(await line.closed).toContain('HTTP/1.1 400');
  });

  it('for a head that is too large are answered 431', async () => {
    const { port } = await startTestServer();
    const bytes = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`;
    expect(await exchange(await port(), bytes)).toEqual({ status: 431, code: 'invalid_request' });
  });
});

describe('a slow client', () => {
  it('that sends no head, half a head, or a head byte by byte is cut off', async () => {
    const { port } = await startTestServer({ limits: { requestHeadMs: 500 } });
    const [silent, half, drip] = [dial(await port()), dial(await port()), dial(await port())];
    half.socket.write('GET / HTTP/1.1\r\nHo');
    const bytes = Array.from('GET / HTTP/1.1\r\nX: ');
    const timer = setInterval(() => drip.socket.write(bytes.shift() ?? 'x'), 50);
    const answers = await Promise.all([silent.closed, half.closed, drip.closed]);
    clearInterval(timer);
    expect(answers[1]).toContain('"request_timeout"');
    expect(answers[2]).toContain('408');
  });

  it('that never ends its JSON body is answered 408 and cut off', async () => {
    const { port } = await startTestServer({ limits: { requestBodyMs: 200 } });
    const line = dial(await port());
    line.socket.write(`${head}Content-Length: 100\r\n\r\n{"name":`);
    const timer = setInterval(() => line.socket.write(' '), 20);
    const answer = await line.closed;
    clearInterval(timer);
    expect(answer).toContain('HTTP/1.1 408');
    expect(answer).toContain('"request_timeout"');
  });

  it('may take its time where the route says so, as long as bytes come', async () => {
    const { port } = await startTestServer({ limits: { requestBodyMs: 200 } });
    const line = dial(await port());
    line.socket.write(
      'POST /raw HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: audio/webm\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let i = 0; i < 12; i++) {
      line.socket.write('1\r\na\r\n');
      await pause(60);
    }
    line.socket.write('0\r\n\r\n');
    expect(await line.closed).toContain('{"bytes":12}');
  });

  it('is cut off there too when none come', async () => {
    const { port } = await startTestServer();
    const line = dial(await port());
    line.socket.write(
      'POST /raw HTTP/1.1\r\nHost: a\r\nContent-Type: audio/webm\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n',
    );
    expect(await line.closed).toContain('HTTP/1.1 408');
  });

  it('that was refused cannot go on sending', async () => {
    const { port } = await startTestServer({ limits: { requestBodyMs: 200 } });
    const line = dial(await port());
    line.socket.write(
      'POST /whoami HTTP/1.1\r\nHost: a\r\nContent-Type: audio/webm\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const timer = setInterval(() => line.socket.write('1\r\na\r\n'), 20);
    const answer = await line.closed;
    clearInterval(timer);
    expect(answer).toContain('HTTP/1.1 401');
  });

  it('by the hundred keeps no healthy one waiting', async () => {
    const { port, call } = await startTestServer();
    const at = await port();
    const idle = Array.from({ length: 300 }, () => dial(at));
    await Promise.all(idle.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
    const startedAt = performance.now();
    expect((await call('/healthz')).statusCode).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});

describe('the number of connections', () => {
  it('has a limit, and a new one fits when an old one is gone', async () => {
    const { port, call } = await startTestServer({ limits: { maxConnections: 2 } });
    const at = await port();
    const [one, two] = [dial(at), dial(at)];
    await Promise.all(
      [one, two].map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))),
    );
    await pause(50);
    await expect(call('/healthz')).rejects.toThrow();
    one.socket.destroy();
    await pause(50);
    expect((await call('/healthz')).statusCode).toBe(200);
  });
});

describe('a closing server', () => {
  it('answers what it has begun, refuses what is new, and waits for nobody else', async () => {
    const { app, port } = await startTestServer();
    const at = await port();
    const [busy, greedy, silent] = [dial(at), dial(at), dial(at)];
    busy.socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    greedy.socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await pause(100);
    const startedAt = performance.now();
    const closing = app.close();
    await pause(20);
    greedy.socket.write('GET /any-version HTTP/1.1\r\nHost: a\r\n\r\n');
    await closing;
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(await busy.closed).toContain('{"slow":true}');
    expect(await greedy.closed).toMatch(/\{"slow":true\}.*HTTP\/1\.1 503.*"shutting_down"/s);
    expect(await silent.closed).toBe('');
  });
});
