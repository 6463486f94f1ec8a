import { createHash } from 'node:crypto';
import { encodePcm16le, encodeWav } from '@earshot/audio';
import { EarshotError, type StreamClaim, StreamRecord } from '@earshot/protocol';
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

function open(from?: number): Promise<Connection> {
  return bench.host.open(session.ref, { transport: 'websocket', ...(from === undefined ? {} : { from }) });
}

async function stopped(connection: Connection): Promise<StreamRecord> {
  await connection.finish(endOf());
  expect(await connection.archived(20_000)).toBe(true);
  return session.records.at(-1)!;
}

/** All stored audio of the session is the computed stream from 0 to `samples`. */
function expectWhole(seed: number, samples: number): void {
  const segments = session.records.flatMap((record) => record.segments);
  const all = new Map([...session.segments, ...segments].map((segment) => [segment.key, segment]));
  expect(findAudioDifference(samplesOf(bench.store, [...all.values()]), { seed, samples })).toBeNull();
}

describe('a session on a node', () => {
  it('is stored as segments that concatenate to exactly what was written, with a record and digests', async () => {
    const connection = await open();
    feed(connection, { seed: 1, from: 0, to: 60 * RATE });
    const record = await stopped(connection);
    expect(StreamRecord.parse(record)).toEqual(record);
    expect(record.segments.length).toBeGreaterThan(2);
    expectWhole(1, 60 * RATE);
    const whole = createHash('sha256').update(encodePcm16le(computedAudio(1, 0, 60 * RATE)));
    expect(record.digests).toEqual([{ track: 'main', samples: 60 * RATE, sha256: whole.digest('hex') }]);
    expect(record.coverage).toMatchObject([{ receivedSamples: 60 * RATE, gapSamples: 0, ratio: 1 }]);
    expect(bench.host.liveCount).toBe(0);
    expect(bench.host.backlogBytes).toBe(0);
  });

  it('keeps tracks apart', async () => {
    const connection = await open();
    for (let at = 0; at < 12 * RATE; at += RATE) {
      feed(connection, { seed: 4, from: at, to: at + RATE, track: 'inbound' });
      feed(connection, { seed: 5, from: at, to: at + RATE, track: 'outbound' });
    }
    const { segments, coverage } = await stopped(connection);
    expect(coverage.map(({ track }) => track)).toEqual(['inbound', 'outbound']);
    for (const [track, seed] of [
      ['inbound', 4],
      ['outbound', 5],
    ] as const) {
      const own = segments.filter((segment) => segment.track === track);
      expect(findAudioDifference(samplesOf(bench.store, own), { seed, samples: 12 * RATE })).toBeNull();
    }
  });

  it('says how far each track is safe', async () => {
    const connection = await open();
    feed(connection, { seed: 2, from: 0, to: 3 * RATE });
    expect(connection.standing()).toMatchObject([{ track: 'main', received: 3 * RATE, archived: 0 }]);
    await connection.durable();
    expect(connection.standing()).toMatchObject([{ durable: 3 * RATE, archived: 0 }]);
    await stopped(connection);
    expect(connection.standing()).toMatchObject([{ durable: 3 * RATE, archived: 3 * RATE }]);
  });

  it('fills gaps with silence and lists them where they lie', async () => {
    const connection = await open();
    connection.gap('main', 800, 'missing_frames');
    feed(connection, { seed: 6, from: 800, to: 800 + 2 * RATE });
    connection.gap('main', 1000, 'missing_frames');
    connection.gap('main', 600, 'missing_frames');
    feed(connection, { seed: 6, from: 34_400, to: 34_400 + RATE });
    const record = await stopped(connection);
    expect(record.gaps).toEqual([
      { track: 'main', from: 0, to: 800, reason: 'missing_frames' },
      { track: 'main', from: 32_800, to: 34_400, reason: 'missing_frames' },
    ]);
    expect(record.coverage).toMatchObject([
      { receivedSamples: 50_400, storedSamples: 48_000, gapSamples: 2400 },
    ]);
    expect(record.warnings.map(({ type }) => type)).toContain('gap');
    const stored = samplesOf(bench.store, record.segments);
    expect(stored.subarray(32_800, 34_400).every((sample) => sample === 0)).toBe(true);
    expect([...stored.subarray(34_400, 34_500)]).toEqual([...computedAudio(6, 34_400, 100)]);
  });

  it('refuses a track that changes its sample rate, and keeps what came', async () => {
    const connection = await open();
    feed(connection, { seed: 7, from: 0, to: RATE });
    const other = { track: 'main' as const, sampleRate: 8000, samples: new Int16Array(80) };
    expect(() => connection.write(other)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
    expect((await stopped(connection)).coverage[0]?.receivedSamples).toBe(RATE);
  });

  it('refuses a session that takes no audio with its own refusal, and leaves nothing open', async () => {
    session.refusal = new EarshotError('session_ended');
    await expect(open()).rejects.toMatchObject({ code: 'session_ended' });
    expect(bench.host.liveCount).toBe(0);
  });
});

describe('a connection that follows another', () => {
  it('goes on in the same segments when the first one dropped', async () => {
    const first = await open();
    feed(first, { seed: 3, from: 0, to: 5 * RATE });
    await first.finish(endOf('client'));
    const second = await open();
    expect(second.standing()).toMatchObject([{ received: 5 * RATE, durable: 5 * RATE }]);
    feed(second, { seed: 3, from: 5 * RATE, to: 11 * RATE });
    const record = await stopped(second);
    expectWhole(3, 11 * RATE);
    expect(record).toMatchObject({ epoch: 2, connections: 2 });
    expect(record.segments.filter(({ firstSample }) => firstSample === 5 * RATE)).toEqual([]);
  });

  it('takes the stream from one that is still there, whose late frames are refused', async () => {
    const first = await open();
    const halts: string[] = [];
    const ignore = (): void => undefined;
    first.begin({
      halt: (reason) => halts.push(reason),
      progress: ignore,
      segment: ignore,
      warning: ignore,
      tick: ignore,
    });
    feed(first, { seed: 8, from: 0, to: RATE });
    const second = await open();
    expect(halts).toEqual(['superseded']);
    expect(() => feed(first, { seed: 9, from: 0, to: RATE })).toThrow(
      expect.objectContaining({ code: 'stream_superseded' }),
    );
    feed(second, { seed: 8, from: RATE, to: 2 * RATE });
    await first.finish(endOf('superseded'));
    await stopped(second);
    expectWhole(8, 2 * RATE);
  });

  it('that has nothing below a position any more leaves a gap up to it', async () => {
    const first = await open();
    feed(first, { seed: 10, from: 0, to: RATE });
    await first.finish(endOf('client'));
    const second = await open(RATE + 500);
    const warnings: string[] = [];
    const ignore = (): void => undefined;
    second.begin({
      halt: ignore,
      progress: ignore,
      segment: ignore,
      warning: ({ type }) => warnings.push(type),
      tick: ignore,
    });
    expect(second.standing()).toMatchObject([{ received: RATE + 500 }]);
    feed(second, { seed: 10, from: RATE + 500, to: 2 * RATE });
    const record = await stopped(second);
    expect(record.gaps).toEqual([{ track: 'main', from: RATE, to: RATE + 500, reason: 'interrupted' }]);
    expect(warnings).toEqual(['gap']);
  });

  it('comes too late when End was asked for meanwhile', async () => {
    const first = await open();
    feed(first, { seed: 11, from: 0, to: RATE });
    await first.finish(endOf('client'));
    bench.sessions.notify({ ref: session.ref, reason: 'end', epoch: 1 });
    await until(() => session.records.length === 1);
    expectWhole(11, RATE);
  });

  it('hears of a notice that came while it was being opened', async () => {
    const claim = bench.sessions.claimStream;
    bench.sessions.claimStream = async (ref, options) => {
      const claimed = await claim(ref, options);
      bench.sessions.notify({ ref, reason: 'end', epoch: claimed.epoch });
      return claimed;
    };
    const halts: string[] = [];
    const ignore = (): void => undefined;
    const connection = await open();
    connection.begin({
      halt: (reason) => halts.push(reason),
      progress: ignore,
      segment: ignore,
      warning: ignore,
      tick: ignore,
    });
    expect(halts).toEqual(['end']);
    await connection.finish(endOf('client'));
    await until(() => session.records.length === 1);
  });
});

describe('a node whose place another one took without waiting, and that has the lease of an emptied index', () => {
  it('stores nothing a second time: only what lies in front of the other', async () => {
    const connection = await open();
    feed(connection, { seed: 15, from: 0, to: 4 * RATE });
    await connection.durable();
    const theirs = await otherSegment({ seed: 15, from: 3 * RATE, to: 5 * RATE });
    bench.sessions.notify({ ref: session.ref, reason: 'superseded', epoch: 2 });
    await until(() => session.records.length === 1);
    expect(session.records[0]?.segments).toMatchObject([{ firstSample: 0, samples: 3 * RATE }]);
    expect(session.segments.filter(({ key }) => key !== theirs)).toHaveLength(1);
    expectWhole(15, 5 * RATE);
  });
});

/** Audio that another node has stored. */
async function otherSegment(range: { seed: number; from: number; to: number }): Promise<string> {
  const samples = range.to - range.from;
  const body = encodeWav(computedAudio(range.seed, range.from, samples), RATE);
  const place = `000005-${String(range.from).padStart(12, '0')}`;
  const key = `clinic/${session.ref.sessionId}/segments/main/${place}.wav`;
  await bench.store.put(key, body);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const measured = { cut: 'pause', speechRatio: 1, levelDb: -20, speech: true } as const;
  const where = { track: 'main', index: 5, sampleRate: RATE, firstSample: range.from } as const;
  session.segments.push({ ...where, ...measured, key, samples, sha256 });
  return key;
}

describe('a node that feeds as many streams as it may', () => {
  it('takes a connection in place of another, and no further stream', async () => {
    await bench.stop();
    bench = await createIntakeBench(await temporaryFolder(), { maxLiveStreams: 1 });
    session = bench.sessions.add('ses_0000000000000003');
    const other = bench.sessions.add('ses_0000000000000004');
    await open();
    await expect(bench.host.open(other.ref, { transport: 'websocket' })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    const second = await open();
    expect(second.epoch).toBe(2);
    await stopped(second);
  });
});

describe('a session whose sender does not come back', () => {
  it('is closed after a while, with its tail stored', async () => {
    await bench.stop();
    bench = await createIntakeBench(await temporaryFolder(), { streamResumeMs: 100 });
    session = bench.sessions.add('ses_0000000000000002');
    const connection = await open();
    feed(connection, { seed: 12, from: 0, to: RATE });
    await connection.finish(endOf('client'));
    await until(() => session.records.length === 1);
    expect(session.records).toMatchObject([{ closedBy: 'client', epoch: 1 }]);
    expectWhole(12, RATE);
  });
});

describe('a shutdown', () => {
  it('takes nothing any more of a connection that does not leave, before its tail is cut', async () => {
    const connection = await open();
    const halts: string[] = [];
    const ignore = (): void => undefined;
    connection.begin({
      halt: (reason) => halts.push(reason),
      progress: ignore,
      segment: ignore,
      warning: ignore,
      tick: ignore,
    });
    feed(connection, { seed: 14, from: 0, to: RATE });
    const closing = bench.host.close(1000);
    await until(() => halts.length === 2);
    expect(halts).toEqual(['shutdown', 'failed']);
    expect(() => feed(connection, { seed: 14, from: RATE, to: 2 * RATE })).toThrow(EarshotError);
    await closing;
    expect(session.records).toMatchObject([{ coverage: [{ receivedSamples: RATE }] }]);
    expectWhole(14, RATE);
  });
});

describe('an erased session', () => {
  it('leaves no object and no audio in the journal', async () => {
    const connection = await open();
    feed(connection, { seed: 13, from: 0, to: 30 * RATE });
    await connection.durable();
    await until(() => bench.store.objects.size > 0);
    bench.sessions.notify({ ref: session.ref, reason: 'erased', epoch: 1 });
    expect(() => feed(connection, { seed: 13, from: 0, to: RATE })).toThrow(EarshotError);
    await until(() => bench.host.backlogBytes === 0 && bench.host.liveCount === 0);
    const needle = Buffer.from(encodePcm16le(computedAudio(13, 29 * RATE, 200)));
    await until(async () => !(await journalBytes(bench)).includes(needle));
    expect(session.records).toEqual([]);
  });

  it('keeps its place in the journal until a record that met an outage has taken away what it left', async () => {
    const connection = await open();
    feed(connection, { seed: 15, from: 0, to: 12 * RATE });
    let closes = 0;
    let erased = false;
    bench.sessions.beforeClose = () => {
      closes += 1;
      if (!erased || closes < 3) throw new EarshotError('service_unavailable');
    };
    await connection.finish(endOf());
    await until(() => closes === 1);
    erased = true;
    bench.sessions.notify({ ref: session.ref, reason: 'erased', epoch: 1 });
    expect(await connection.archived(10_000)).toBe(true);
    expect(closes).toBe(3);
    const needle = Buffer.from(encodePcm16le(computedAudio(15, 11 * RATE, 200)));
    await until(async () => !(await journalBytes(bench)).includes(needle));
  });

  it('is rid of a claim that could not be taken back as soon as storage answers, however long that takes', async () => {
    const claim = { v: 1, epoch: 4, node: 'node', claimedAt: '2026-01-05T08:00:00.000Z' } as const;
    const looks: StreamClaim[] = [];
    bench.sessions.retractClaim = (_, each) => {
      looks.push(each);
      return looks.length < 3 ? Promise.reject(new EarshotError('service_unavailable')) : Promise.resolve();
    };
    session.left = claim;
    session.refusal = new EarshotError('session_not_found');
    await expect(open()).rejects.toBe(session.refusal);
    await until(() => looks.length === 3);
    session.left = { ...claim, epoch: 5 };
    await expect(open()).rejects.toBe(session.refusal);
    await until(() => looks.length === 4);
    expect(looks.map(({ epoch }) => epoch)).toEqual([4, 4, 4, 5]);
  });
});

async function journalBytes({ folder }: IntakeBench): Promise<Buffer> {
  const { readdir, readFile } = await import('node:fs/promises');
  const names = (await readdir(folder.path)).filter((name) => name.endsWith('.journal'));
  return Buffer.concat(await Promise.all(names.map((name) => readFile(`${folder.path}/${name}`))));
}
