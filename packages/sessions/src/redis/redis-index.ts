import type { SessionRef } from '@earshot/protocol';
import type { Redis } from 'ioredis';
import { type SessionInput, type SessionRow, type Transition, transition } from '../core/machine.ts';
import type { SessionIndex } from '../ports.ts';
import { createChanges } from './changes.ts';
import { createContents, fillContents } from './contents.ts';
import { failFast } from './fail-fast.ts';
import { createLeases } from './leases.ts';
import { listMember, names, parseRefMember, refMember } from './names.ts';
import { decodeRow, encodeRow } from './rows.ts';

/** Replaces the row only if it is still the text that was read. */
const COMPARE_AND_SET = `
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  return 1
end
return 0`;

/** Finished sessions leave the index after 30 days; reads rebuild them from the object store. */
const FINISHED_TTL_SECONDS = 2_592_000;
const MAX_RACES = 50;

/** The index over sessions in Redis. `node` names this process for stream notices. */
export function createRedisIndex(redis: Redis, options: { node: string } = { node: 'none' }): SessionIndex {
  const changes = createChanges(redis, options.node);
  const leases = createLeases(redis, changes);

  async function readText(ref: SessionRef): Promise<string | null> {
    return redis.get(names.row(ref));
  }

  async function apply(ref: SessionRef, input: SessionInput): Promise<Transition | null> {
    for (let race = 0; race < MAX_RACES; race++) {
      const text = await readText(ref);
      const row = text === null ? null : decodeRow(text);
      if (text === null || row === null) return null;
      const result = transition(row, input);
      const next = encodeRow(result.row);
      if (next === text) return result;
      if ((await redis.eval(COMPARE_AND_SET, 1, names.row(ref), text, next)) === 1) {
        await afterChange(redis, ref, result.row);
        await changes.publish(ref);
        return result;
      }
    }
    throw new Error('the session row changes too fast');
  }

  return failFast<SessionIndex>({
    ...leases,
    ...createContents(redis),
    apply,
    async read(ref) {
      const text = await readText(ref);
      return text === null ? null : decodeRow(text);
    },
    async restore(row, contents) {
      const ref = row.document;
      await fillContents(redis, ref, contents);
      await redis.set(names.row(ref), encodeRow(row), 'NX');
      await redis.zadd(names.tenant(ref.tenant), 0, listMember(row.document.createdAt, ref.sessionId));
      await afterChange(redis, ref, row);
    },
    async finish(ref, result) {
      const done = await apply(ref, { type: 'finished', status: result.status, at: result.completedAt });
      return done !== null && done.announce.length > 0;
    },
    changed: (ref) => changes.publish(ref),
    waitForChange: (ref, ms, signal) => changes.wait(ref, ms, signal),
    list: (tenant, page) => listPage(redis, tenant, page),
    async dueForExpiry(nowMs, limit) {
      const due = await redis.zrangebyscore(names.expiry, 0, nowMs, 'LIMIT', 0, limit);
      return due.map(parseRefMember);
    },
    async remove(ref) {
      const row = await this.read(ref);
      if (row !== null) {
        await redis.zrem(names.tenant(ref.tenant), listMember(row.document.createdAt, ref.sessionId));
      }
      await redis.zrem(names.expiry, refMember(ref));
      await redis.del(
        names.row(ref),
        names.uploads(ref),
        names.segments(ref),
        names.statuses(ref),
        names.live(ref),
      );
      await changes.publish(ref);
    },
    async isComplete() {
      return (await redis.exists(names.complete)) === 1;
    },
    async markComplete() {
      await redis.set(names.complete, '1');
    },
    close: () => changes.close(),
  });
}

/** Keeps the expiry list in step with the row, and lets finished sessions age out. */
async function afterChange(redis: Redis, ref: SessionRef, row: SessionRow): Promise<void> {
  if (row.status === 'created' || row.status === 'recording') {
    await redis.zadd(names.expiry, Date.parse(row.document.expiresAt), refMember(ref));
    return;
  }
  await redis.zrem(names.expiry, refMember(ref));
  if (row.status === 'processing') return;
  for (const key of [names.row(ref), names.uploads(ref), names.segments(ref), names.statuses(ref)]) {
    await redis.expire(key, FINISHED_TTL_SECONDS);
  }
}

async function listPage(
  redis: Redis,
  tenant: string,
  page: { cursor: string | null; limit: number },
): Promise<{ refs: SessionRef[]; nextCursor: string | null }> {
  const from = page.cursor === null ? '+' : `(${page.cursor}`;
  const members = await redis.zrevrangebylex(names.tenant(tenant), from, '-', 'LIMIT', 0, page.limit + 1);
  const shown = members.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    refs: shown.map((member) => ({ tenant, sessionId: member.slice(member.indexOf(':') + 1) })),
    nextCursor: members.length > page.limit && last !== undefined ? last : null,
  };
}
