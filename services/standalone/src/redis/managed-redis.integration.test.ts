import { access, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { connectRedis, createLog, redisReady, writePrivateFile } from '@earshot/runtime';
import { freePort, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { redisUrlFile, startManagedRedis } from './managed-redis.ts';
import { redisConfig, startRedisProcess } from './redis-process.ts';

const log = createLog({ service: 'test', level: 'silent' });
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function withRedis<T>(
  url: string,
  use: (redis: ReturnType<typeof connectRedis>) => Promise<T>,
): Promise<T> {
  const redis = connectRedis(url, { role: 'worker' });
  try {
    expect(await redisReady(redis, 10_000)).toBe(true);
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

describe('startManagedRedis', () => {
  it('keeps what it was told over a restart', async () => {
    const first = await startManagedRedis(folder.path, log);
    await withRedis(first.url, (redis) => redis.set('job', 'waiting'));
    await first.close();
    const second = await startManagedRedis(folder.path, log);
    expect(await withRedis(second.url, (redis) => redis.get('job'))).toBe('waiting');
    await second.close();
  });

  it('never evicts, appends to a file, and asks for its password', async () => {
    const managed = await startManagedRedis(folder.path, log);
    const settings = await withRedis(managed.url, (redis) =>
      redis.config('GET', 'maxmemory-policy', 'appendonly'),
    );
    expect(settings).toEqual(expect.arrayContaining(['noeviction', 'yes']));
    expect(await pingWithoutPassword(Number(new URL(managed.url).port))).toMatch(/^-NOAUTH/);
    await managed.close();
  });

  it('keeps its URL for the operator while it runs, readable by the owner alone', async () => {
    const managed = await startManagedRedis(folder.path, log);
    expect((await stat(redisUrlFile(folder.path))).mode & 0o777).toBe(0o600);
    await managed.close();
    await expect(access(redisUrlFile(folder.path))).rejects.toThrow();
  });

  it('comes back under the same URL when it is killed', async () => {
    const managed = await startManagedRedis(folder.path, log);
    await withRedis(managed.url, (redis) => redis.set('job', 'waiting'));
    const killed = await withRedis(managed.url, processId);
    process.kill(killed, 'SIGKILL');
    await withRedis(managed.url, async (redis) => {
      expect(await processId(redis)).not.toBe(killed);
      expect(await redis.get('job')).toBe('waiting');
    });
    await managed.close();
  });

  it('stops a server that a killed process left behind', async () => {
    const place = { port: await freePort(), password: 'left', folder: folder.path };
    const left = startRedisProcess(place);
    const leftUrl = `redis://:left@127.0.0.1:${place.port}`;
    await withRedis(leftUrl, (redis) => redis.set('job', 'waiting'));
    await writePrivateFile(redisUrlFile(folder.path), leftUrl);
    const next = await startManagedRedis(folder.path, log);
    await left.exited;
    expect(await withRedis(next.url, (redis) => redis.get('job'))).toBe('waiting');
    await next.close();
  });
});

describe('startRedisProcess', () => {
  it('resolves with what the server said when it cannot start', async () => {
    const place = { port: 1, password: 'x', folder: `${folder.path}/not there` };
    expect(await startRedisProcess(place).exited).toMatch(/not there/);
  });
});

describe('redisConfig', () => {
  it('quotes a folder with spaces', () => {
    const text = redisConfig({ port: 7000, password: 'p', folder: '/my data/redis' });
    expect(text).toContain('dir "/my data/redis"\n');
    expect(text).toContain('bind 127.0.0.1\n');
  });
});

async function processId(redis: ReturnType<typeof connectRedis>): Promise<number> {
  return Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
}

function pingWithoutPassword(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('utf8'));
    });
  });
}
