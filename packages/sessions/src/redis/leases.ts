import type { Redis } from 'ioredis';
import type { SessionIndex, StreamLease } from '../ports.ts';
import type { Changes } from './changes.ts';
import { names } from './names.ts';

/** Sets the lease unless a newer epoch holds it, or another node by the same one. */
const HOLD = `
local held = redis.call('GET', KEYS[1])
if held then
  local lease = cjson.decode(held)
  if lease.epoch > tonumber(ARGV[1]) then return 0 end
  if lease.epoch == tonumber(ARGV[1]) and lease.node ~= ARGV[4] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** Drops the lease if it is still ours. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

const encode = (lease: StreamLease): string => JSON.stringify({ node: lease.node, epoch: lease.epoch });

/** Stream leases: one writer a session, the newest epoch wins. */
export function createLeases(
  redis: Redis,
  changes: Changes,
): Pick<SessionIndex, 'holdStream' | 'releaseStream' | 'liveStream' | 'notifyStream' | 'onStreamNotice'> {
  async function liveStream(ref: Parameters<SessionIndex['liveStream']>[0]): Promise<StreamLease | null> {
    const text = await redis.get(names.live(ref));
    return text === null ? null : (JSON.parse(text) as StreamLease);
  }
  return {
    liveStream,
    holdStream: createHolder(redis),
    async releaseStream(ref, lease) {
      await redis.eval(RELEASE, 1, names.live(ref), encode(lease));
      await changes.publish(ref);
    },
    async notifyStream(notice, lease) {
      const target = lease ?? (await liveStream(notice.ref));
      if (target !== null) await changes.notify(target.node, notice);
    },
    onStreamNotice: (listener) => changes.onNotice(listener),
  };
}

interface Hold {
  readonly args: Parameters<SessionIndex['holdStream']>;
  resolve(held: boolean): void;
  reject(error: unknown): void;
}

/** Leases that are asked for at the same moment, as those of a node's beat are, go in round trips of so many. */
const HOLDS_AT_ONCE = 100;

function createHolder(redis: Redis): SessionIndex['holdStream'] {
  let gathered: Hold[] = [];
  const send = (): void => {
    const holds = gathered;
    gathered = [];
    for (let at = 0; at < holds.length; at += HOLDS_AT_ONCE) {
      void holdAll(redis, holds.slice(at, at + HOLDS_AT_ONCE));
    }
  };
  return (...args) =>
    new Promise((resolve, reject) => {
      if (gathered.length === 0) queueMicrotask(send);
      gathered.push({ args, resolve, reject });
    });
}

async function holdAll(redis: Redis, holds: readonly Hold[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const { args } of holds) {
    const [ref, lease, ttlMs] = args;
    pipeline.eval(HOLD, 1, names.live(ref), lease.epoch, encode(lease), ttlMs, lease.node);
  }
  try {
    const answers = await pipeline.exec();
    for (const [index, hold] of holds.entries()) {
      const [error, held] = answers?.[index] ?? [new Error('Redis gave no answer'), null];
      if (error === null) hold.resolve(held === 1);
      else hold.reject(error);
    }
  } catch (error) {
    for (const hold of holds) hold.reject(error);
  }
}
