import { EarshotError, StreamRecord, type TrackName } from '@earshot/protocol';
import { computedAudio, findAudioDifference } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import { createIntakeBench, type IntakeBench, noLease, samplesOf, stopEnd } from '../testing/intake-bench.ts';
import { createIntake, type Intake } from './intake.ts';

const STREAM = 'str_00000000000000000000000001';
const RATE = 16_000;

async function open(bench: IntakeBench, sessionId = 'ses_0000000000000001'): Promise<Intake> {
  const ref = { tenant: 'clinic', sessionId };
  const opened = await bench.sessions.openStream(ref, 'node');
  return createIntake(bench.context, { opened, transport: 'websocket', lease: noLease });
}

function withSession(bench: IntakeBench): ReturnType<IntakeBench['sessions']['add']> {
  return bench.sessions.add(STREAM, 'ses_0000000000000001');
}

async function feed(intake: Intake, samples: Int16Array, track: TrackName = 'main'): Promise<void> {
  for (let at = 0; at < samples.length; at += 4000) {
    await intake.write({ track, sampleRate: RATE, samples: samples.slice(at, at + 4000) });
  }
}

describe('an intake', () => {
  it('stores segments that concatenate to exactly what was written, and records them', async () => {
    const bench = createIntakeBench();
    const session = withSession(bench);
    const intake = await open(bench);
    await feed(intake, computedAudio(1, 0, 60 * RATE));
    const { record, safe } = await intake.finish(stopEnd());
    expect(safe).toBe(true);
    expect(StreamRecord.parse(record)).toEqual(record);
    expect(record.segments.length).toBeGreaterThan(2);
    expect(record.segments.map((segment) => segment.index)).toEqual(record.segments.map((_, index) => index));
    expect(
      findAudioDifference(samplesOf(bench.store.objects, record.segments), { seed: 1, samples: 60 * RATE }),
    ).toBeNull();
    expect(record.coverage).toEqual([
      {
        track: 'main',
        sampleRate: RATE,
        receivedSamples: 60 * RATE,
        storedSamples: 60 * RATE,
        gapSamples: 0,
        seconds: 60,
        ratio: 1,
      },
    ]);
    expect(session.records).toEqual([record]);
    expect(session.segments).toEqual(record.segments);
  });

  it('gives one short segment for a stream of three seconds, and none for an empty one', async () => {
    const bench = createIntakeBench();
    withSession(bench);
    const short = await open(bench);
    await feed(short, computedAudio(2, 0, 3 * RATE));
    const { record } = await short.finish(stopEnd());
    expect(record.segments).toMatchObject([{ firstSample: 0, samples: 3 * RATE, cut: 'end' }]);
    const empty = await open(bench);
    const none = await empty.finish(stopEnd());
    expect(none).toMatchObject({ safe: true, record: { epoch: 2, segments: [], gaps: [], coverage: [] } });
  });

  it('goes on where the earlier connection stopped, in positions and in indexes', async () => {
    const bench = createIntakeBench();
    withSession(bench);
    const first = await open(bench);
    await feed(first, computedAudio(3, 0, 31 * RATE));
    const before = (await first.finish(stopEnd())).record;
    const second = await open(bench);
    await feed(second, computedAudio(3, 31 * RATE, 4 * RATE));
    const after = (await second.finish(stopEnd())).record;
    expect(after.segments).toMatchObject([{ index: before.segments.length, firstSample: 31 * RATE }]);
    expect(after.coverage[0]?.receivedSamples).toBe(4 * RATE);
    const all = samplesOf(bench.store.objects, [...before.segments, ...after.segments]);
    expect(findAudioDifference(all, { seed: 3, samples: 35 * RATE })).toBeNull();
  });

  it('keeps tracks apart', async () => {
    const bench = createIntakeBench();
    withSession(bench);
    const intake = await open(bench);
    for (let at = 0; at < 12 * RATE; at += 4000) {
      void intake.write({ track: 'inbound', sampleRate: RATE, samples: computedAudio(4, at, 4000) });
      void intake.write({ track: 'outbound', sampleRate: RATE, samples: computedAudio(5, at, 4000) });
    }
    const { record } = await intake.finish(stopEnd());
    for (const [track, seed] of [
      ['inbound', 4],
      ['outbound', 5],
    ] as const) {
      const segments = record.segments.filter((segment) => segment.track === track);
      expect(
        findAudioDifference(samplesOf(bench.store.objects, segments), { seed, samples: 12 * RATE }),
      ).toBeNull();
    }
    expect(record.coverage.map((coverage) => coverage.track)).toEqual(['inbound', 'outbound']);
  });

  it('fills gaps with silence, also before the first frame, and lists them where they lie', async () => {
    const bench = createIntakeBench();
    withSession(bench);
    const intake = await open(bench);
    intake.gap('main', 800, 'missing_frames');
    await feed(intake, computedAudio(6, 800, 2 * RATE));
    intake.gap('main', 1000, 'missing_frames');
    intake.gap('main', 600, 'missing_frames');
    await feed(intake, computedAudio(6, 34_400, RATE));
    const { record } = await intake.finish(stopEnd());
    expect(record.gaps).toEqual([
      { track: 'main', from: 0, to: 800, reason: 'missing_frames' },
      { track: 'main', from: 32_800, to: 34_400, reason: 'missing_frames' },
    ]);
    expect(record.coverage).toMatchObject([
      { receivedSamples: 50_400, storedSamples: 48_000, gapSamples: 2400 },
    ]);
    const stored = samplesOf(bench.store.objects, record.segments);
    expect(stored.subarray(32_800, 34_400).every((sample) => sample === 0)).toBe(true);
    expect([...stored.subarray(34_400, 34_500)]).toEqual([...computedAudio(6, 34_400, 100)]);
  });

  it('refuses a track that changes its sample rate, within a connection and over two', async () => {
    const bench = createIntakeBench();
    withSession(bench);
    const intake = await open(bench);
    await feed(intake, computedAudio(7, 0, RATE));
    const other = { track: 'main' as const, sampleRate: 8000, samples: new Int16Array(80) };
    expect(() => intake.write(other)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
    expect((await intake.finish(stopEnd())).record.coverage[0]?.receivedSamples).toBe(RATE);
    const next = await open(bench);
    expect(() => next.write(other)).toThrow(EarshotError);
  });

  it('takes a stream of the longest length, and nothing beyond it', async () => {
    const bench = createIntakeBench({ maxStreamBytes: 2000 });
    withSession(bench);
    const intake = await open(bench);
    void intake.write({ track: 'main', sampleRate: RATE, samples: new Int16Array(1000) });
    expect(() => intake.write({ track: 'main', sampleRate: RATE, samples: new Int16Array(1) })).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    );
    expect((await intake.finish(stopEnd())).record.coverage[0]?.receivedSamples).toBe(1000);
  });

  it('refuses a stream with more gaps than are kept', async () => {
    const bench = createIntakeBench({ maxStreamGaps: 2 });
    withSession(bench);
    const intake = await open(bench);
    const write = (): void => {
      intake.gap('main', 10, 'missing_frames');
      void intake.write({ track: 'main', sampleRate: RATE, samples: new Int16Array(10).fill(5) });
    };
    write();
    write();
    expect(write).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
  });

  it('keeps the first warnings and counts the others', async () => {
    const bench = createIntakeBench({ maxStreamWarnings: 2 });
    withSession(bench);
    const intake = await open(bench);
    for (const type of ['a', 'b', 'c', 'd']) intake.warn({ type, message: type });
    const { warnings } = (await intake.finish(stopEnd())).record;
    expect(warnings.map((warning) => warning.type)).toEqual(['a', 'b', 'more_warnings']);
    expect(warnings[2]?.details).toEqual({ count: 2 });
  });

  it('finishes once, however often it is asked', async () => {
    const bench = createIntakeBench();
    const session = withSession(bench);
    const intake = await open(bench);
    const [first, second] = await Promise.all([
      intake.finish(stopEnd()),
      intake.finish(stopEnd({ closedBy: 'error' })),
    ]);
    expect(second).toBe(first);
    expect(session.records).toHaveLength(1);
  });
});
