import type { Clip } from '@earshot/calls';
import { callKeys } from '@earshot/storage';
import {
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallView } from '../ports.ts';
import { BENCH_LINE, type HostBench, startHostBench } from '../testing/host-bench.ts';

let redis: TestRedis;
let folder: TemporaryFolder;
let bench: HostBench;

beforeEach(async () => {
  redis = await startRedis();
  folder = await temporaryFolder();
  bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
});

afterEach(async () => {
  await bench.close();
  await folder.remove();
  await redis.stop();
});

const actor = { tenant: 'clinic', subject: 'key_1', line: null };
const name = (view: CallView) => ({ tenant: 'clinic', lineId: null, id: view.callId });
const get = (view: CallView) => bench.host.get(name(view));

async function activeCall(to = 'loop:tone'): Promise<CallView> {
  const view = await bench.host.place(BENCH_LINE, { to, callbackData: null }, actor);
  await until(async () => (await get(view)).state === 'active');
  return view;
}

describe('a fault in one call', () => {
  it('ends that call and nothing else', async () => {
    const [broken, healthy] = [await activeCall(), await activeCall()];
    const clip: Clip = {
      playId: 'broken',
      next: () => {
        throw new Error('the disk is on fire');
      },
      close: () => undefined,
    };
    await bench.host.play(name(broken), clip);
    await until(async () => (await get(broken)).state === 'ended');
    expect((await get(broken)).reason).toBe('failed');
    await until(
      async () => (await bench.archive.readLive({ tenant: 'clinic', callId: broken.callId })) === null,
    );
    const peer = bench.loopback.peer(healthy.callId);
    const before = peer?.figures.sends ?? 0;
    await until(() => (peer?.figures.sends ?? 0) > before + 10);
    expect((await get(healthy)).state).toBe('active');
  });
});

describe('calls that were left behind', () => {
  it('are ended although the record of one of them is damaged', async () => {
    const calls = [await activeCall(), await activeCall(), await activeCall()];
    const damaged = calls.toSorted((a, b) => a.callId.localeCompare(b.callId))[0]!;
    await bench.node.store.put(callKeys.call('clinic', damaged.callId), new Uint8Array([123]));
    await bench.abandon();
    bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
    for (const view of calls.filter((call) => call !== damaged)) {
      expect(await get(view)).toMatchObject({ state: 'ended', reason: 'node_lost' });
    }
  });
});

describe('a shutdown', () => {
  it('dials no call that it ended while it was beginning', async () => {
    const createCall = bench.archive.createCall.bind(bench.archive);
    const gate = { isReached: false, open: (): void => undefined };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const slowly: typeof createCall = async (record) => {
      gate.isReached = true;
      await opened;
      return createCall(record);
    };
    Object.assign(bench.archive, { createCall: slowly });
    const placed = bench.host.place(BENCH_LINE, { to: 'loop:tone', callbackData: null }, actor);
    const refused = expect(placed).rejects.toMatchObject({ code: 'shutting_down' });
    await until(() => gate.isReached);
    const closed = bench.host.close(5000);
    gate.open();
    await Promise.all([refused, closed]);
    expect(bench.events.map(({ type }) => type)).toEqual(['call.ended']);
  });
});

describe('a call that was cut off by a crash', () => {
  it('is on record with how long it was, as far as anybody knows', async () => {
    const view = await activeCall();
    await new Promise((done) => setTimeout(done, 6000));
    await bench.abandon();
    bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
    const { connectedAt, durationMs } = await get(view);
    expect(connectedAt).not.toBeNull();
    expect(durationMs).toBeGreaterThan(3000);
  }, 20_000);

  it('counts as answered also when Redis has forgotten it', async () => {
    const view = await activeCall();
    const ref = { tenant: 'clinic', sessionId: view.sessionId ?? '' };
    await until(async () => (await bench.node.archive.readSession(ref)) !== null);
    await bench.abandon();
    await redis.flushAll();
    bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
    const session = await bench.node.archive.readSession(ref);
    expect((await get(view)).connectedAt).toBe(session?.createdAt);
  });
});

describe('while Redis is away', () => {
  it('a host starts, and ends what was left behind when Redis is back', async () => {
    const view = await activeCall();
    await bench.abandon();
    await redis.kill();
    bench = await startHostBench({ redisUrl: redis.url, folder: folder.path });
    await redis.restart();
    await until(
      async () => {
        await bench.host.maintain().catch(() => undefined);
        return (await bench.archive.readLive({ tenant: 'clinic', callId: view.callId })) === null;
      },
      { timeoutMs: 20_000 },
    );
    const { state, reason, connectedAt } = await get(view);
    expect([state, reason]).toEqual(['ended', 'node_lost']);
    expect(connectedAt).not.toBeNull();
  }, 60_000);

  it('a call that connects is recorded from its first tick, once Redis is back', async () => {
    const view = await bench.host.place(
      BENCH_LINE,
      { to: 'loop:tone?ring=300ms', callbackData: null },
      actor,
    );
    await redis.kill();
    await until(async () => (await get(view)).state === 'active');
    await new Promise((done) => setTimeout(done, 1200));
    await redis.restart();
    const ref = { tenant: 'clinic', sessionId: view.sessionId ?? '' };
    await until(async () => (await bench.node.archive.readSession(ref)) !== null);
    await until(() => bench.node.intake.liveCount === 1, { timeoutMs: 20_000 });
    await bench.host.end(name(view));
    await until(async () => (await bench.node.archive.readManifest(ref)) !== null, { timeoutMs: 20_000 });
    const manifest = await bench.node.archive.readManifest(ref);
    const heard = manifest?.coverage.find(({ track }) => track === 'inbound')?.receivedSamples ?? 0;
    expect(heard).toBeGreaterThanOrEqual(1.2 * 16_000);
    expect(bench.events.map(({ type }) => type)).not.toContain('call.warning');
  }, 60_000);

  it('a call that begins is listed as soon as Redis is back', async () => {
    await bench.host.maintain();
    await redis.kill();
    const view = await bench.host.place(BENCH_LINE, { to: 'loop:tone', callbackData: null }, actor);
    await redis.restart();
    // As a Redis that appends to a file comes back: it has what it had, and not what came meanwhile.
    await until(
      async () => (await bench.node.redis.set('earshot:calls-complete', '1').catch(() => '')) === 'OK',
    );
    await until(
      async () => {
        await bench.host.maintain().catch(() => undefined);
        const page = { tenant: 'clinic', lineId: null, limit: 10, before: null };
        const listed = await bench.host.list(page).catch(() => []);
        return listed.some(({ callId }) => callId === view.callId);
      },
      { timeoutMs: 20_000 },
    );
  }, 60_000);
});
