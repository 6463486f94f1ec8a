import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, redisCommand } from '@earshot/test-support';
import type { RunFolder } from './guard.ts';
import { type Supervised, supervise } from './supervised.ts';

/** A real redis-server that can be emptied and set back to an earlier state. */
export interface RedisServer {
  readonly url: string;
  readonly server: Supervised;
  flushAll(): Promise<void>;
  /** Copies its files as they are now. */
  remember(): Promise<void>;
  /** Kills it and starts it on the files last remembered. */
  rollBack(): Promise<void>;
}

/** Persists with AOF, synced every second, as the documentation asks for. */
export async function startRedisServer(folder: RunFolder): Promise<RedisServer> {
  const port = await freePort();
  const data = join(folder.path, 'redis');
  const copy = join(folder.path, 'redis-before');
  await mkdir(data);
  const settings = { port: String(port), bind: '127.0.0.1', dir: data, save: '', appendonly: 'yes' };
  const server = supervise(
    {
      name: 'redis',
      command: 'redis-server',
      args: [
        ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
        '--maxmemory-policy',
        'noeviction',
      ],
      ready: async () => (await redisCommand(port, 'PING').catch(() => '')).startsWith('+PONG'),
    },
    folder,
  );
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    server,
    flushAll: async () => {
      const answer = await redisCommand(port, 'FLUSHALL');
      if (!answer.startsWith('+OK')) throw new Error(`FLUSHALL answered ${answer}`);
    },
    remember: async () => {
      await rm(copy, { recursive: true, force: true });
      await cp(data, copy, { recursive: true });
    },
    rollBack: async () => {
      await server.kill();
      await rm(data, { recursive: true, force: true });
      await cp(copy, data, { recursive: true });
      await server.start();
    },
  };
}
