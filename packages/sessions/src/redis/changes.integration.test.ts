import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { startRedis, type TestRedis, until } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { StreamNotice } from '../ports.ts';
import { createChanges } from './changes.ts';

let server: TestRedis;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server.stop();
});

function connect(port = server.port): Redis {
  const redis = new Redis(port, { maxRetriesPerRequest: 1, commandTimeout: 1000 });
  redis.on('error', () => undefined);
  return redis;
}

interface DeafLine {
  readonly port: number;
  subscriptions(): number;
  cut(): void;
  close(): void;
}

/** A way to Redis on which each subscription but the first is lost. */
async function deafLine(): Promise<DeafLine> {
  const ends = new Set<Socket>();
  let subscriptions = 0;
  const front = createServer((near) => {
    const far = createConnection(server.port, '127.0.0.1');
    for (const end of [near, far]) ends.add(end.on('error', () => undefined));
    far.pipe(near);
    near.on('data', (chunk: Buffer) => {
      const subscribing = chunk.toString().includes('subscribe');
      if (subscribing) subscriptions += 1;
      if (!subscribing || subscriptions === 1) far.write(chunk);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const cut = (): void => {
    for (const end of ends) end.destroy();
  };
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: (front.address() as AddressInfo).port,
    subscriptions: () => subscriptions,
    cut,
    close() {
      cut();
      front.close();
    },
  };
}

describe('change notices', () => {
  it('arrive again after Redis was away', async () => {
    const redis = connect();
    const changes = createChanges(redis, 'a');
    const notices: unknown[] = [];
    changes.onNotice((notice) => notices.push(notice));
    const ref = { tenant: 'clinic', sessionId: 'ses_0000000000000001' };
    const started = Date.now();
    const woken = changes.wait(ref, 30_000, new AbortController().signal);
    await server.kill();
    await server.restart();
    const notice: StreamNotice = { ref, reason: 'end', epoch: 1 };
    const heard = async (): Promise<boolean> => {
      await changes.notify('a', notice).catch(() => undefined);
      await changes.publish(ref).catch(() => undefined);
      return notices.length > 0;
    };
    await until(heard);
    await woken;
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(notices[0]).toEqual(notice);
    await changes.close();
    redis.disconnect();
  });

  it('can be closed before Redis, back again, has answered its subscription', async () => {
    const line = await deafLine();
    const redis = connect(line.port);
    const changes = createChanges(redis, 'a');
    await until(() => line.subscriptions() === 1);
    line.cut();
    await until(() => line.subscriptions() === 2 && redis.status === 'ready');
    await changes.close();
    redis.disconnect();
    line.close();
    // A rejection that nobody handles, in the turns that follow, fails this test.
    await new Promise((done) => setTimeout(done, 100));
    expect(line.subscriptions()).toBe(2);
  });

  it('can be closed while Redis was never there', async () => {
    const redis = new Redis({ port: 1, maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    const changes = createChanges(redis, 'a');
    await changes.close();
    redis.disconnect();
    expect(redis.status).not.toBe('ready');
  });
});
