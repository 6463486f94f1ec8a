import { computedAudio, findAudioDifference, temporaryFolder, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '../ports.ts';
import {
  createIntakeBench,
  endOf,
  feeder,
  type IntakeBench,
  RATE,
  samplesOf,
} from '../testing/intake-bench.ts';
import type { MemorySession } from '../testing/memory-sessions.ts';

const feed = feeder(computedAudio);

let bench: IntakeBench;
let session: MemorySession;
beforeEach(async () => {
  bench = await createIntakeBench(await temporaryFolder());
  session = bench.sessions.add('ses_0000000000000001');
});
afterEach(() => bench.stop());

const open = (): Promise<Connection> => bench.host.open(session.ref, { transport: 'websocket' });

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

function expectWhole(seed: number, samples: number): void {
  const segments = session.records.flatMap((record) => record.segments);
  const all = new Map([...session.segments, ...segments].map((segment) => [segment.key, segment]));
  expect(findAudioDifference(samplesOf(bench.store, [...all.values()]), { seed, samples })).toBeNull();
}

describe('storage that is down', () => {
  it('does not touch the stream; everything follows when it is back', async () => {
    let down = true;
    bench.store.beforePut = () => {
      if (down) throw new Error('storage is down');
    };
    const connection = await open();
    feed(connection, { seed: 1, from: 0, to: 50 * RATE });
    expect(await connection.finish(endOf())).toMatchObject({ durable: true, segments: 0 });
    expect(await connection.archived(300)).toBe(false);
    expect(bench.host.backlogBytes).toBe(50 * RATE * 2);
    down = false;
    expect(await connection.archived(20_000)).toBe(true);
    expectWhole(1, 50 * RATE);
  });

  it('stores once what it took without an answer', async () => {
    let fail = true;
    bench.store.afterPut = () => {
      if (!fail) return;
      fail = false;
      throw new Error('the answer was lost');
    };
    const connection = await open();
    feed(connection, { seed: 2, from: 0, to: 30 * RATE });
    await connection.finish(endOf());
    expect(await connection.archived(20_000)).toBe(true);
    expectWhole(2, 30 * RATE);
  });

  it('never overwrites other audio: the track goes on behind it and says so', async () => {
    bench.store.objects.set(
      `clinic/${session.ref.sessionId}/segments/main/000000-000000000000.wav`,
      new Uint8Array(44 + RATE * 2),
    );
    const connection = await open();
    feed(connection, { seed: 3, from: 0, to: 2 * RATE });
    await connection.finish(endOf());
    expect(await connection.archived(20_000)).toBe(true);
    const [record] = session.records;
    expect(record?.segments).toMatchObject([{ index: 1001, firstSample: RATE }]);
    expect(record?.warnings.map(({ type }) => type)).toContain('segment_conflict');
  });
});

describe('a node that is started again', () => {
  it('goes on with every stream at the first sample that it does not have', async () => {
    const connection = await open();
    feed(connection, { seed: 4, from: 0, to: 17 * RATE });
    await bench.restart();
    const next = await open();
    expect(next.epoch).toBe(2);
    expect(next.standing()).toMatchObject([{ track: 'main', received: 17 * RATE, durable: 17 * RATE }]);
    feed(next, { seed: 4, from: 17 * RATE, to: 40 * RATE });
    await next.finish(endOf());
    expect(await next.archived(20_000)).toBe(true);
    expectWhole(4, 40 * RATE);
  });

  it('still says that other audio stood in the way, when it was cut off before its record', async () => {
    bench.store.objects.set(
      `clinic/${session.ref.sessionId}/segments/main/000000-000000000000.wav`,
      new Uint8Array(44 + RATE * 2),
    );
    bench.sessions.beforeClose = () => new Promise(() => undefined);
    const connection = await open();
    feed(connection, { seed: 12, from: 0, to: RATE });
    connection.gap('main', 700, 'missing_frames');
    feed(connection, { seed: 12, from: RATE + 700, to: 2 * RATE });
    await connection.finish(endOf());
    await until(() => bench.journal.stream(session.ref).ranges().length === 0);
    bench.sessions.beforeClose = () => undefined;
    const claim = { v: 1, epoch: 1, node: 'node', claimedAt: '2026-01-05T08:00:00.000Z' } as const;
    bench.sessions.openClaims = () => Promise.resolve([claim]);
    session.fate = 'ending';
    await bench.restart();
    await until(() => session.records.length === 1, { timeoutMs: 10_000 });
    expect(session.records[0]?.warnings.filter(({ type }) => type === 'segment_conflict')).toHaveLength(1);
    expect(session.records[0]?.gaps).toEqual([
      { track: 'main', from: 2 * RATE, to: 2 * RATE + 700, reason: 'missing_frames' },
    ]);
  });

  it('goes on behind its own tail, which storage took only after it had looked there', async () => {
    const [arrived, landing] = [gate(), gate()];
    bench.store.beforePut = async () => {
      arrived.open();
      await landing.opened;
    };
    const connection = await open();
    feed(connection, { seed: 13, from: 0, to: 17 * RATE });
    await connection.finish(endOf());
    await arrived.opened;
    bench.store.beforePut = () => undefined;
    await bench.restart();
    const next = await open();
    landing.open();
    await until(() => bench.store.objects.size === 1);
    feed(next, { seed: 13, from: 17 * RATE, to: 40 * RATE });
    await next.finish(endOf());
    expect(await next.archived(20_000)).toBe(true);
    expectWhole(13, 40 * RATE);
    expect(session.records.at(-1)?.warnings).toEqual([]);
  });

  it('stores what storage had refused before', async () => {
    bench.store.beforePut = () => {
      throw new Error('storage is down');
    };
    const connection = await open();
    feed(connection, { seed: 5, from: 0, to: 40 * RATE });
    await bench.restart();
    expect(bench.store.objects.size).toBe(0);
    bench.store.beforePut = () => undefined;
    session.fate = 'ending';
    await bench.restart();
    await until(() => session.records.length === 1, { timeoutMs: 10_000 });
    expect(session.records).toMatchObject([{ closedBy: 'recovered', epoch: 1 }]);
    expectWhole(5, 40 * RATE);
  });

  it('does not store again what was stored while the answer was lost', async () => {
    bench.store.afterPut = () => {
      throw new Error('the answer was lost');
    };
    bench.sessions.recordSegments = () => Promise.resolve();
    const connection = await open();
    feed(connection, { seed: 6, from: 0, to: 30 * RATE });
    await connection.durable();
    await until(() => bench.store.objects.size === 1);
    const [key] = bench.store.created;
    session.segments.push(...(await entriesOf(bench, key!)));
    bench.store.afterPut = () => undefined;
    await bench.restart();
    const next = await open();
    await next.finish(endOf());
    expect(await next.archived(20_000)).toBe(true);
    expectWhole(6, 30 * RATE);
  });

  it('erases what it holds of a session that was erased meanwhile', async () => {
    bench.store.beforePut = () => {
      throw new Error('storage is down');
    };
    const connection = await open();
    feed(connection, { seed: 7, from: 0, to: 30 * RATE });
    session.fate = 'gone';
    await bench.restart();
    bench.store.beforePut = () => undefined;
    await bench.restart();
    expect(bench.journal.stream(session.ref).ranges()).toEqual([]);
    expect(bench.store.objects.size).toBe(0);
  });

  it('takes away what a write still left that was under way when an erasure and then the end came', async () => {
    const left: number[] = [];
    bench.sessions.disclaim = (_ref, { epoch }) => {
      left.push(epoch);
      return Promise.resolve();
    };
    let recording = false;
    bench.sessions.beforeClose = () => {
      recording = true;
      return new Promise(() => undefined);
    };
    const connection = await open();
    feed(connection, { seed: 9, from: 0, to: RATE });
    await connection.finish(endOf());
    await until(() => recording);
    session.fate = 'gone';
    bench.sessions.notify({ ref: session.ref, reason: 'erased', epoch: 1 });
    await until(() => bench.host.liveCount === 0 && bench.host.backlogBytes === 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await bench.restart();
    expect(left).toEqual([1]);
    expect(bench.journal.stream(session.ref).ranges()).toEqual([]);
  });

  it('leaves the record alone that it was cut off behind', async () => {
    bench.sessions.closeStream = (_ref, record) => {
      session.records.push(record);
      return new Promise(() => undefined);
    };
    const connection = await open();
    feed(connection, { seed: 11, from: 0, to: RATE });
    await connection.finish(endOf());
    await until(() => session.records.length === 1);
    session.fate = 'ending';
    await bench.restart();
    await until(() => bench.journal.stream(session.ref).ranges().length === 0);
    expect(await bench.host.standing(session.ref)).toMatchObject([{ received: RATE }]);
    expect(session.records).toHaveLength(1);
    expectWhole(11, RATE);
  });

  it.each([
    ['has', true],
    ['has not', false],
  ])('lets a connection in without a claim where End %s an older one to wait for', async (_, isClaimed) => {
    const connection = await open();
    feed(connection, { seed: 10, from: 0, to: RATE });
    const claim = { v: 1, epoch: 1, node: 'node', claimedAt: '2026-01-05T08:00:00.000Z' } as const;
    bench.sessions.openClaims = () => Promise.resolve(isClaimed ? [claim] : []);
    await bench.restart();
    const claims: boolean[] = [];
    const { claimStream } = bench.sessions;
    bench.sessions.claimStream = (ref, asked) => {
      claims.push(asked.resuming);
      return claimStream(ref, asked);
    };
    await open();
    await open();
    expect(claims).toEqual([isClaimed, true]);
  });

  it('keeps gaps that were told before', async () => {
    const connection = await open();
    feed(connection, { seed: 8, from: 0, to: RATE });
    connection.gap('main', 700, 'missing_frames');
    feed(connection, { seed: 8, from: RATE + 700, to: 40 * RATE });
    await until(() => session.segments.length > 0);
    await bench.restart();
    const next = await open();
    await next.finish(endOf());
    expect(await next.archived(20_000)).toBe(true);
    expect(session.records.at(-1)?.gaps).toEqual([
      { track: 'main', from: RATE, to: RATE + 700, reason: 'missing_frames' },
    ]);
  });
});

async function entriesOf({ store }: IntakeBench, key: string): Promise<MemorySession['segments']> {
  const { createHash } = await import('node:crypto');
  const wav = store.objects.get(key)!;
  return [
    {
      track: 'main',
      index: 0,
      key,
      sampleRate: RATE,
      firstSample: 0,
      samples: (wav.length - 44) / 2,
      sha256: createHash('sha256').update(wav).digest('hex'),
      cut: 'recovered',
      speechRatio: 0,
      levelDb: -10,
      speech: true,
    },
  ];
}
