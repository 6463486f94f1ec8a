import { join } from 'node:path';
import { checkRedisPolicy, connectRedis, readPrivateFile, redisReady } from '@earshot/runtime';
import type { StandaloneConfig } from '../../config.ts';
import { redisUrlFile } from '../../redis/managed-redis.ts';
import type { Finding } from './finding.ts';
import { programVersion } from './program-version.ts';

const ANSWER_MS = 3000;
const subject = 'redis';

/** Is Redis there, and does it keep jobs? Without REDIS_URL: the one of a running server, else the program. */
export async function checkRedis(config: StandaloneConfig): Promise<Finding[]> {
  const own = await readPrivateFile(redisUrlFile(join(config.dataFolder, 'redis')));
  const url = config.redisUrl ?? own;
  if (url !== undefined) return checkServer(url);
  const version = await programVersion('redis-server', ['--version']);
  if (version === undefined) {
    const sentence = 'no redis-server here; install the package redis-server, or set REDIS_URL';
    return [{ subject, verdict: 'fail', sentence }];
  }
  const sentence = `earshot starts its own (${/v=\S+/.exec(version)?.[0] ?? 'redis-server'})`;
  return [{ subject, verdict: 'ok', sentence }];
}

async function checkServer(url: string): Promise<Finding[]> {
  const place = URL.canParse(url) ? new URL(url).host : 'REDIS_URL';
  const redis = connectRedis(url, { role: 'producer' });
  try {
    if (!(await redisReady(redis, ANSWER_MS))) {
      const sentence = `${place} does not answer; start it, or correct REDIS_URL and its password`;
      return [{ subject, verdict: 'fail', sentence }];
    }
    const issues = await checkRedisPolicy(redis);
    if (issues.length === 0) {
      return [{ subject, verdict: 'ok', sentence: `${place} answers and keeps its jobs` }];
    }
    return issues.map(({ severity, message }) => ({
      subject,
      verdict: severity === 'error' ? 'fail' : 'warn',
      sentence: message,
    }));
  } finally {
    redis.disconnect();
  }
}
