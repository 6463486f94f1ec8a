import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type Log, readPrivateFile, redisReady, writePrivateFile } from '@earshot/runtime';
import { type RedisProcess, startRedisProcess } from './redis-process.ts';

/** A Redis that belongs to this process: kept alive while we live, ended with us. */
export interface ManagedRedis {
  /** With its password; never log it. */
  readonly url: string;
  close(): Promise<void>;
}

const START_TRIES = 3;
/** Loading a large append-only file takes its time. */
const READY_MS = 60_000;
const LOOK_MS = 250;
const RESTART_PAUSE_MS = 500;
const LEFTOVER_WAIT_MS = 5000;

/**
 * Starts a Redis that keeps its data in `folder` and starts it again should it end by itself. A server that
 * an earlier, killed process left behind is stopped first. The URL is kept in `{folder}/url` for the operator.
 */
export async function startManagedRedis(folder: string, log: Log): Promise<ManagedRedis> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const urlFile = redisUrlFile(folder);
  await stopLeftover(urlFile);
  const { place, redis } = await startFresh(folder);
  const url = `redis://:${place.password}@127.0.0.1:${place.port}`;
  await writePrivateFile(urlFile, url);
  let current = redis;
  let stopping = false;
  const keepAlive = async () => {
    for (;;) {
      await current.exited;
      if (stopping) return;
      log.error('redis ended by itself and is started again');
      await sleep(RESTART_PAUSE_MS);
      current = startRedisProcess(place);
    }
  };
  const kept = keepAlive();
  return {
    url,
    async close() {
      stopping = true;
      await current.stop();
      await kept;
      await rm(urlFile, { force: true });
    },
  };
}

/** Where the URL of a running managed Redis is kept. */
export function redisUrlFile(folder: string): string {
  return join(folder, 'url');
}

type Place = Parameters<typeof startRedisProcess>[0];

/** A port can be taken between our look and Redis's; then another one is tried. */
async function startFresh(folder: string): Promise<{ place: Place; redis: RedisProcess }> {
  let said = '';
  for (let tries = 0; tries < START_TRIES; tries++) {
    const place = { port: await freePort(), password: randomBytes(24).toString('hex'), folder };
    const redis = startRedisProcess(place);
    let ended = false;
    void redis.exited.then((output) => {
      said = output;
      ended = true;
    });
    if (await answers(place, () => ended)) return { place, redis };
    await redis.stop();
  }
  throw new Error(`Redis could not be started. ${said}`);
}

async function answers({ port, password }: Place, ended: () => boolean): Promise<boolean> {
  const redis = connectRedis(`redis://:${password}@127.0.0.1:${port}`, { role: 'producer' });
  const deadline = Date.now() + READY_MS;
  try {
    while (!ended() && Date.now() < deadline) {
      if (await redisReady(redis, LOOK_MS)) return true;
    }
    return false;
  } finally {
    redis.disconnect();
  }
}

async function stopLeftover(urlFile: string): Promise<void> {
  const url = await readPrivateFile(urlFile);
  if (url === undefined) return;
  const pid = await processOf(url);
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + LEFTOVER_WAIT_MS;
  while (lives(pid) && Date.now() < deadline) await sleep(20);
}

/** The process that answers under a URL, or undefined. */
async function processOf(url: string): Promise<number | undefined> {
  const redis = connectRedis(url, { role: 'producer' });
  try {
    if (!(await redisReady(redis, LOOK_MS))) return undefined;
    const [, pid] = /^process_id:(\d+)/m.exec(await redis.info('server')) ?? [];
    return pid === undefined ? undefined : Number(pid);
  } finally {
    redis.disconnect();
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Below the range that Linux hands to outgoing connections, so that the port is still ours at a restart. */
const LOWEST_PORT = 12_000;
const PORTS = 20_000;

async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + randomInt(PORTS);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
