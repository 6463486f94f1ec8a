import { readFileSync } from 'node:fs';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { guardedConnector } from './connector.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { type EgressPolicy, egressRules, type ResolvedAddress } from './policy.ts';

const pem = (name: string) =>
  readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const unreachable = { code: 'upstream_unreachable', message: 'The remote server could not be reached.' };
const open: Server[] = [];
const sockets = new Set<{ destroy(): void }>();

async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const to =
  (...addresses: string[]) =>
  (): Promise<ResolvedAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
const policyFor = (port: number, more: Partial<EgressPolicy> = {}): EgressPolicy => ({
  allowPrivate: false,
  allowNetworks: ['127.0.0.1/32'],
  ports: [port],
  ca: pem('authority'),
  resolver: to('127.0.0.1'),
  ...more,
});
const secure = (options: ServerOptions) =>
  listen(createHttps(options, (_request, response) => response.end('secret')));

describe('the certificate of the other side', () => {
  const good = { cert: pem('hook'), key: pem('hook.key') };

  it('may be spoken to in TLS 1.2', async () => {
    const port = await secure({ ...good, maxVersion: 'TLSv1.2' });
    const answer = await createGuardedFetch(policyFor(port))(`https://hook.example:${port}/`);
    expect(answer.status).toBe(200);
  });

  it.each([
    ['over since years', { cert: pem('expired'), key: pem('expired.key') }, 'CERT_HAS_EXPIRED'],
    ['in an old version of TLS', { ...good, ...oldTls() }, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
  ])('is refused when it is %s', async (_name, options: ServerOptions, code) => {
    const port = await secure(options);
    const guarded = createGuardedFetch(policyFor(port, { ca: pem('authority') + pem('expired') }));
    await expect(guarded(`https://hook.example:${port}/`)).rejects.toMatchObject({
      ...unreachable,
      cause: { code },
    });
  });

  it('is verified also when the environment says that it need not be', async () => {
    const port = await secure(good);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const guarded = createGuardedFetch(policyFor(port, { ca: pem('expired') }));
      await expect(guarded(`https://hook.example:${port}/`)).rejects.toMatchObject(unreachable);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });
});

function oldTls(): ServerOptions {
  return { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
}

describe('a name server', () => {
  it('that never answers costs no more than the total', async () => {
    const guarded = createGuardedFetch(policyFor(443, { resolver: () => new Promise(() => undefined) }));
    const startedAt = performance.now();
    await expect(guarded('https://hook.example/', { timeoutMs: 200 })).rejects.toMatchObject(unreachable);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it.each([
    ['nothing', to()],
    ['no address', to('hook.example')],
    ['a mapped loopback address', to('::ffff:127.0.0.1')],
    ['one private address among public ones', to('127.0.0.1', '10.0.0.1')],
    ['a link-local address with a zone', to('fe80::1%lo')],
    ['a failure', () => Promise.reject(new Error('SERVFAIL'))],
  ])('that answers %s opens no connection', async (_name, resolver) => {
    let connections = 0;
    const port = await listen(createTcp(() => (connections += 1)));
    const guarded = createGuardedFetch(policyFor(port, { resolver }));
    await expect(guarded(`https://hook.example:${port}/`)).rejects.toMatchObject(unreachable);
    expect(connections).toBe(0);
  });

  it('is not asked about an origin that is not listed', async () => {
    const asked: string[] = [];
    const resolver = (name: string) => {
      asked.push(name);
      return to('127.0.0.1')();
    };
    const guarded = createGuardedFetch({ allowPrivate: true, origins: ['https://hook.example'], resolver });
    await expect(guarded('https://other.example/')).rejects.toMatchObject({ code: 'invalid_request' });
    expect(asked).toEqual([]);
  });
});

describe('a connection', () => {
  it('is dropped before it is used when the address at its other end is not allowed', async () => {
    const received: string[] = [];
    const port = await listen(
      createTcp((socket) => socket.on('data', (part) => received.push(part.toString()))),
    );
    let looks = 0;
    const rules = {
      ...egressRules(policyFor(port)),
      allowsAddress: () => {
        looks += 1;
        return looks === 1;
      },
    };
    const outcome = await new Promise<Error | null>((resolve) => {
      const target = { hostname: 'hook.example', protocol: 'http:', port: String(port) };
      guardedConnector(rules)(target, (...[error]) => resolve(error));
    });
    expect(outcome?.message).toBe('the name resolves to a forbidden address');
    expect([looks, received]).toEqual([2, []]);
  });
});

describe('a compressed body', () => {
  it.each(['gzip', 'br', 'identity, gzip'])('is not taken: %s', async (coding) => {
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    const port = await listen(
      createHttps({ cert: pem('hook'), key: pem('hook.key') }, (_request, response) =>
        response.writeHead(200, { 'content-encoding': coding }).end(bomb),
      ),
    );
    const guarded = createGuardedFetch(policyFor(port));
    await expect(guarded(`https://hook.example:${port}/`)).rejects.toMatchObject(unreachable);
    const answer = await guarded(`https://hook.example:${port}/`, { discardBody: true });
    expect(answer.status).toBe(200);
  });
});
