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
    async holdStream(ref, lease, ttlMs) {
      const { epoch, node } = lease;
      return (await redis.eval(HOLD, 1, names.live(ref), epoch, encode(lease), ttlMs, node)) === 1;
    },
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
