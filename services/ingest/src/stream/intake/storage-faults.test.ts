import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '@earshot/storage';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import { createIntakeBench, type IntakeBench, noLease, samplesOf, stopEnd } from '../testing/intake-bench.ts';
import { createIntake, type Intake } from './intake.ts';

const RATE = 8000;
const ref = { tenant: 'clinic', sessionId: 'ses_0000000000000001' };

async function start(bench: IntakeBench): Promise<Intake> {
  bench.sessions.add('str_00000000000000000000000001', ref.sessionId);
  return await reopen(bench);
}

async function reopen(bench: IntakeBench): Promise<Intake> {
  const opened = await bench.sessions.openStream(ref, 'node');
  return createIntake(bench.context, { opened, transport: 'websocket', lease: noLease });
}

const frame = (seed: number, from: number, samples: number) => ({
  track: 'main' as const,
  sampleRate: RATE,
  samples: computedAudio(seed, from, samples),
});

describe('an intake while storage fails', () => {
  it('loses nothing when writes fail for a while', async () => {
    const bench = createIntakeBench();
    bench.store.beforePut = (_key, attempt) => {
      if (attempt % 3 !== 0) throw new Error('503 SlowDown');
    };
    const intake = await start(bench);
    for (let second = 0; second < 40; second += 1) await intake.write(frame(1, second * RATE, RATE));
    const { record, safe } = await intake.finish(stopEnd());
    expect(safe).toBe(true);
    expect(record.gaps).toEqual([]);
    expect(
      findAudioDifference(samplesOf(bench.store.objects, record.segments), { seed: 1, samples: 40 * RATE }),
    ).toBeNull();
  });

  it('takes a write whose answer was lost for written', async () => {
    const bench = createIntakeBench();
    let lost = 0;
    bench.store.afterPut = () => {
      lost += 1;
      if (lost === 1) throw new Error('connection reset');
    };
    const intake = await start(bench);
    void intake.write(frame(2, 0, 3 * RATE));
    const { record } = await intake.finish(stopEnd());
    expect(record.segments).toMatchObject([{ index: 0, firstSample: 0 }]);
    expect(bench.store.created).toHaveLength(1);
    expect(record.warnings).toEqual([]);
  });

  it('asks its source to wait above the high-water mark, and lets it go on below', async () => {
    const bench = createIntakeBench({ intakeHighWaterBytes: 1_000_000 });
    let broken = true;
    bench.store.beforePut = () => {
      if (broken) throw new Error('storage is away');
    };
    const intake = await start(bench);
    let written = 0;
    let room: Promise<void> | undefined;
    while (room === undefined && written < 200 * RATE) {
      room = intake.write(frame(3, written, RATE));
      written += RATE;
    }
    expect(room).toBeDefined();
    expect(written).toBeLessThan(120 * RATE);
    let went = false;
    void room?.then(() => {
      went = true;
    });
    await sleep(50);
    expect(went).toBe(false);
    broken = false;
    await until(() => went);
    expect((await intake.finish(stopEnd())).record.coverage[0]?.storedSamples).toBe(written);
  });

  it('asks every source with audio waiting to wait when the node as a whole is behind', async () => {
    const bench = createIntakeBench({ nodeHighWaterBytes: 600_000 });
    let broken = true;
    bench.store.beforePut = () => {
      if (broken) throw new Error('storage is away');
    };
    bench.sessions.add('str_00000000000000000000000002', 'ses_0000000000000002');
    const one = await start(bench);
    const opened = await bench.sessions.openStream({ ...ref, sessionId: 'ses_0000000000000002' }, 'node');
    const two = createIntake(bench.context, { opened, transport: 'http', lease: noLease });
    const silence = { track: 'main' as const, sampleRate: RATE, samples: new Int16Array(30 * RATE) };
    expect(one.write(silence)).toBeUndefined();
    const rooms = [two.write(silence), one.write(silence)].map(
      (room) => room ?? Promise.reject(new Error('no wait')),
    );
    broken = false;
    await Promise.all(rooms);
    await Promise.all([one.finish(stopEnd()), two.finish(stopEnd())]);
    expect(bench.context.slots.backlogBytes).toBe(0);
  });

  it('keeps the order of a track while several tracks are written at once', async () => {
    const bench = createIntakeBench();
    bench.store.beforePut = (_key, attempt) => sleep(attempt % 2 === 0 ? 5 : 0);
    const intake = await start(bench);
    for (let second = 0; second < 80; second += 1) {
      for (const track of ['inbound', 'outbound'] as const) {
        await intake.write({ ...frame(4, second * RATE, RATE), track });
      }
    }
    await intake.finish(stopEnd());
    for (const track of ['inbound', 'outbound']) {
      const created = bench.store.created.filter((key) => key.includes(`/${track}/`));
      expect(created.length).toBeGreaterThan(2);
      expect(created).toEqual([...created].sort());
    }
  });

  it('lists what storage did not take before the deadline as a gap, and says so', async () => {
    const bench = createIntakeBench();
    let stored = 0;
    bench.store.beforePut = () => {
      stored += 1;
      if (stored > 1) throw new Error('storage is away');
    };
    const intake = await start(bench);
    for (let second = 0; second < 60; second += 1) await intake.write(frame(5, second * RATE, RATE));
    const { record, safe } = await intake.finish(stopEnd({ flushMs: 100 }));
    expect(safe).toBe(false);
    const end = record.segments[0]?.samples ?? 0;
    expect(record.segments).toHaveLength(1);
    expect(record.gaps[0]).toMatchObject({ track: 'main', from: end, reason: 'dropped' });
    expect(record.gaps.at(-1)?.to).toBe(60 * RATE);
    expect(record.coverage).toMatchObject([
      { receivedSamples: 60 * RATE, storedSamples: end, gapSamples: 60 * RATE - end },
    ]);
    expect(record.warnings).toMatchObject([{ type: 'audio_dropped' }]);
  });

  it('gives up on a write that never ends, and shortens a wait when told to', async () => {
    const bench = createIntakeBench();
    bench.store.beforePut = () => new Promise(() => undefined);
    const intake = await start(bench);
    void intake.write(frame(6, 0, RATE));
    const finishing = intake.finish(stopEnd({ flushMs: 60_000 }));
    intake.hasten(50);
    const { safe, record } = await finishing;
    expect(safe).toBe(false);
    expect(record.gaps).toEqual([{ track: 'main', from: 0, to: RATE, reason: 'dropped' }]);
  });

  it('does not count a silence-filled gap twice when its segment is dropped', async () => {
    const bench = createIntakeBench();
    bench.store.beforePut = () => {
      throw new Error('storage is away');
    };
    const intake = await start(bench);
    void intake.write(frame(7, 0, 1000));
    intake.gap('main', 500, 'missing_frames');
    void intake.write(frame(7, 1500, 1000));
    const { record } = await intake.finish(stopEnd({ flushMs: 20 }));
    expect(record.gaps.map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [0, 1000, 'dropped'],
      [1000, 1500, 'missing_frames'],
      [1500, 2500, 'dropped'],
    ]);
    expect(record.coverage).toMatchObject([
      { receivedSamples: 2500, storedSamples: 0, gapSamples: 2500, ratio: 0 },
    ]);
  });

  it('writes its record again until it is taken', async () => {
    const bench = createIntakeBench();
    let tries = 0;
    bench.sessions.beforeClose = () => {
      tries += 1;
      if (tries < 3) throw new Error('storage is away');
    };
    const intake = await start(bench);
    expect(await intake.finish(stopEnd())).toMatchObject({ safe: true });
    expect(tries).toBe(3);
  });

  it('is not safe when its record could not be written', async () => {
    const bench = createIntakeBench();
    bench.sessions.beforeClose = () => {
      throw new Error('storage is away');
    };
    const intake = await start(bench);
    expect(await intake.finish(stopEnd({ flushMs: 0 }))).toMatchObject({ safe: false });
    expect(bench.log.lines.some((line) => line.level === 'error')).toBe(true);
  });
});

describe('an intake where other audio is already stored', () => {
  it('goes on behind it, overwrites nothing, and says so', async () => {
    const bench = createIntakeBench();
    const foreign = new Uint8Array(44 + 2 * 5000).fill(9);
    const key = keys.segment(ref, { track: 'main', index: 0, firstSample: 0 });
    bench.store.objects.set(key, foreign);
    const intake = await start(bench);
    intake.gap('main', 100, 'missing_frames');
    for (let second = 0; second < 30; second += 1) await intake.write(frame(8, second * RATE, RATE));
    const { record, safe } = await intake.finish(stopEnd());
    expect(safe).toBe(true);
    expect(bench.store.objects.get(key)).toEqual(foreign);
    expect(record.segments[0]).toMatchObject({ index: 1, firstSample: 5000 });
    expect(record.segments[1]).toMatchObject({
      index: 2,
      firstSample: 5000 + (record.segments[0]?.samples ?? 0),
    });
    expect(record.gaps).toEqual([{ track: 'main', from: 5000, to: 5100, reason: 'missing_frames' }]);
    expect(record.warnings).toMatchObject([
      { type: 'segment_conflict', details: { track: 'main', shift: 5000 } },
    ]);
  });

  it('stores its tail nowhere else once a newer connection feeds the session', async () => {
    const bench = createIntakeBench();
    const intake = await start(bench);
    void intake.write(frame(9, 0, RATE));
    bench.store.objects.set(
      keys.segment(ref, { track: 'main', index: 0, firstSample: 0 }),
      new Uint8Array(44),
    );
    const { record, safe } = await intake.finish(stopEnd({ closedBy: 'superseded' }));
    expect(safe).toBe(false);
    expect(record.segments).toEqual([]);
    expect(bench.store.objects.size).toBe(1);
  });
});

describe('an intake of an erased session', () => {
  it('leaves nothing behind, not even from a write under way', async () => {
    const bench = createIntakeBench();
    let begun = 0;
    bench.store.beforePut = () => {
      begun += 1;
      return sleep(30);
    };
    const intake = await start(bench);
    for (let second = 0; second < 60; second += 1) void intake.write(frame(10, second * RATE, RATE));
    await until(() => begun > 0);
    await intake.discard();
    await sleep(100);
    expect(bench.store.objects.size).toBe(0);
    expect(begun).toBe(1);
  });
});
