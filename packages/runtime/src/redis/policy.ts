import type { Redis } from 'ioredis';

/** One setting of a Redis server that endangers the queue. */
export interface RedisIssue {
  readonly code: 'eviction_enabled' | 'append_only_off' | 'server_too_old';
  /** `error`: jobs can vanish. `warning`: a restart of Redis loses the index, which is rebuilt. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** Oldest version with the commands that the queue uses. */
const OLDEST = [6, 2] as const;

function infoFields(info: string): ReadonlyMap<string, string> {
  const pairs = info.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
  });
  return new Map(pairs);
}

/** Checks the server behind a connection with INFO, which managed Redis services allow where CONFIG is blocked. */
export async function checkRedisPolicy(redis: Redis): Promise<RedisIssue[]> {
  const fields = infoFields(await redis.info());
  const issues: RedisIssue[] = [];
  const policy = fields.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    const message = `Redis may evict jobs: maxmemory-policy is ${policy}, set it to noeviction.`;
    issues.push({ code: 'eviction_enabled', severity: 'error', message });
  }
  if (fields.get('aof_enabled') === '0') {
    const message = 'Redis does not append to a file: set appendonly yes, so that a restart keeps the queue.';
    issues.push({ code: 'append_only_off', severity: 'warning', message });
  }
  const version = fields.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    const message = `Redis ${version} is too old: version ${OLDEST.join('.')} or newer is needed.`;
    issues.push({ code: 'server_too_old', severity: 'error', message });
  }
  return issues;
}
