import { CreateSessionRequest, type SegmentEntry, type SessionDocument } from '@earshot/protocol';
import { startRedis, type TestRedis } from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { newRow } from '../core/machine.ts';
import type { SessionIndex, StreamNotice } from '../ports.ts';
import { createRedisIndex } from './redis-index.ts';

let server: TestRedis;
let redis: Redis;
let index: SessionIndex;
let other: SessionIndex;

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const documentOf = (sessionId: string, second = 0): SessionDocument => ({
  v: 1,
  tenant: 'clinic',
  sessionId,
  streamId: null,
  createdAt: at(second),
  expiresAt: at(second + 3600),
  createdBy: 'key_1',
  test: false,
  request: CreateSessionRequest.parse({}),
  userStatus: null,
  processingStatus: null,
});
const ref = { tenant: 'clinic', sessionId: 'ses_0000000000000001' };
const nothing = { uploads: [], segments: [], statuses: new Map() };
const segment = (position: number): SegmentEntry => ({
  track: 'main',
  index: position,
  key: `k${position}`,
  sampleRate: 16_000,
  firstSample: position * 10,
  samples: 10,
  sha256: 'x',
  cut: 'pause',
  speechRatio: 1,
  levelDb: -20,
  speech: true,
});

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  index = createRedisIndex(redis, { node: 'a' });
  other = createRedisIndex(redis, { node: 'b' });
});

afterAll(async () => {
  await index.close();
  await other.close();
  redis.disconnect();
  await server.stop();
});

beforeEach(async () => {
  await redis.flushall();
  await index.restore(newRow(documentOf(ref.sessionId)), nothing);
});

describe('the Redis index', () => {
  it('counts every one of many parallel claims of a stream', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => index.apply(ref, { type: 'stream' })));
    const epochs = claims.map((claim) => claim?.row.epoch).sort((a, b) => (a ?? 0) - (b ?? 0));
    expect(epochs).toEqual(Array.from({ length: 20 }, (_, position) => position + 1));
    expect(claims.filter((claim) => claim?.announce.includes('session.started'))).toHaveLength(1);
  });

  it('gives a lease to the newest epoch and refuses the older one', async () => {
    expect(await index.holdStream(ref, { node: 'a', epoch: 2 }, 5000)).toBe(true);
    expect(await index.holdStream(ref, { node: 'b', epoch: 1 }, 5000)).toBe(false);
    expect(await index.holdStream(ref, { node: 'b', epoch: 3 }, 5000)).toBe(true);
    await index.releaseStream(ref, { node: 'a', epoch: 2 });
    expect(await index.liveStream(ref)).toEqual({ node: 'b', epoch: 3 });
    await index.releaseStream(ref, { node: 'b', epoch: 3 });
    expect(await index.liveStream(ref)).toBeNull();
  });

  it('asks for all leases of a moment at once, and answers each', async () => {
    const refs = Array.from({ length: 250 }, (_, n) => ({ ...ref, sessionId: `${ref.sessionId}-${n}` }));
    await index.holdStream(refs[7]!, { node: 'b', epoch: 2 }, 5000);
    const held = await Promise.all(refs.map((one) => index.holdStream(one, { node: 'a', epoch: 1 }, 5000)));
    expect(held.flatMap((yes, n) => (yes ? [] : [n]))).toEqual([7]);
    expect(await index.liveStream(refs[249]!)).toEqual({ node: 'a', epoch: 1 });
  });

  it('forgets a lease that nobody renews', async () => {
    await index.holdStream(ref, { node: 'a', epoch: 1 }, 30);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await index.liveStream(ref)).toBeNull();
  });

  it('carries a notice to the node that owns the stream, and to no other', async () => {
    const heard: [string, StreamNotice][] = [];
    index.onStreamNotice((notice) => heard.push(['a', notice]));
    other.onStreamNotice((notice) => heard.push(['b', notice]));
    await index.holdStream(ref, { node: 'b', epoch: 1 }, 5000);
    await index.notifyStream({ ref, reason: 'end', epoch: 1 });
    await other.waitForChange(ref, 100, new AbortController().signal);
    expect(heard).toEqual([['b', { ref, reason: 'end', epoch: 1 }]]);
  });

  it('wakes a waiter on another node at a change, long before its time is over', async () => {
    const before = Date.now();
    const waiting = other.waitForChange(ref, 10_000, new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await index.finish(ref, { status: 'completed', completedAt: at(9) });
    await waiting;
    expect(Date.now() - before).toBeLessThan(5000);
  });

  it('wakes nobody for the progress of a segment, and shows it', async () => {
    const waiting = other.waitForChange(ref, 300, new AbortController().signal).then(() => 'over');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await index.markSegment(ref, { track: 'main', index: 0 }, 'transcribed');
    const still = new Promise((resolve) => setTimeout(resolve, 50, 'waiting'));
    expect(await Promise.race([waiting, still])).toBe('waiting');
    expect(await other.segmentStatuses(ref)).toEqual(new Map([['main-0', 'transcribed']]));
    await waiting;
  });

  it('stops waiting when the caller goes away', async () => {
    const gone = new AbortController();
    const waiting = index.waitForChange(ref, 60_000, gone.signal);
    gone.abort();
    await expect(waiting).resolves.toBeUndefined();
  });

  it('keeps segments in order of their index, not of their text', async () => {
    await index.addSegments(ref, [10, 9, 2, 0].map(segment));
    expect((await index.segments(ref)).map((entry) => entry.index)).toEqual([0, 2, 9, 10]);
  });

  it('lists a tenant newest first, page by page, and nobody else', async () => {
    for (let n = 2; n <= 5; n++)
      await index.restore(newRow(documentOf(`ses_000000000000000${n}`, n)), nothing);
    await index.restore(newRow({ ...documentOf('ses_foreign000000000'), tenant: 'rival' }), nothing);
    const first = await index.list('clinic', { cursor: null, limit: 3 });
    const second = await index.list('clinic', { cursor: first.nextCursor, limit: 3 });
    const seen = [...first.refs, ...second.refs].map((entry) => entry.sessionId.at(-1));
    expect(seen).toEqual(['5', '4', '3', '2', '1']);
    expect(second.nextCursor).toBeNull();
  });

  it('offers open sessions for expiry when their time is up, and no others', async () => {
    await index.restore(newRow(documentOf('ses_0000000000000009', 100)), nothing);
    const due = await index.dueForExpiry(Date.parse(at(3600)), 10);
    expect(due).toEqual([ref]);
    await index.apply(ref, { type: 'ended', at: at(1) });
    expect(await index.dueForExpiry(Date.parse(at(3600)), 10)).toEqual([]);
  });

  it('finishes a session once and says who did it', async () => {
    await index.apply(ref, { type: 'ended', at: at(1) });
    const result = { status: 'completed' as const, completedAt: at(2) };
    const [one, two] = await Promise.all([index.finish(ref, result), index.finish(ref, result)]);
    expect([one, two].filter(Boolean)).toHaveLength(1);
    expect(await redis.ttl('earshot:{clinic/ses_0000000000000001}:row')).toBeGreaterThan(0);
  });

  it('does not overwrite a row that exists when it restores one', async () => {
    await index.apply(ref, { type: 'stream' });
    await index.restore(newRow(documentOf(ref.sessionId)), nothing);
    expect((await index.read(ref))?.epoch).toBe(1);
  });

  it('removes every trace of a session', async () => {
    await index.addSegments(ref, [segment(0)]);
    await index.holdStream(ref, { node: 'a', epoch: 1 }, 5000);
    await index.remove(ref);
    expect(await redis.keys('*')).toEqual([]);
  });

  it('knows that it was emptied', async () => {
    await index.markComplete();
    expect(await index.isComplete()).toBe(true);
    await redis.flushall();
    expect(await index.isComplete()).toBe(false);
  });
});
