import { createHash, randomBytes } from 'node:crypto';
import { encodeWav } from '@earshot/audio';
import {
  CreateSessionRequest,
  type SegmentEntry,
  type SessionRef,
  type StreamRecord,
} from '@earshot/protocol';
import {
  createFolderStore,
  createSessionArchive,
  keys,
  type ObjectStore,
  type SessionArchive,
} from '@earshot/storage';
import {
  computedAudio,
  startRedis,
  type TemporaryFolder,
  type TestRedis,
  temporaryFolder,
} from '@earshot/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { coverageOf } from '../../core/coverage.ts';
import type { SessionIndex, SessionTruth, WorkQueue } from '../../ports.ts';
import { createRedisIndex } from '../../redis/redis-index.ts';
import type { SessionsContext } from '../context.ts';
import { createSessions, type Sessions } from '../sessions.ts';

const RATE = 16_000;
const SEGMENT_SAMPLES = 8000;
/** Seed of all sound of the bench. */
const SEED = 7;

/** One of several processes that share a Redis and an object store. */
interface BenchNode {
  readonly index: SessionIndex;
  readonly sessions: Sessions;
}

/** Sessions on several nodes over a real Redis and a folder, with a clock that a test may push on. */
class SessionBench {
  readonly store: ObjectStore;
  readonly archive: SessionArchive;
  readonly redis: Redis;
  readonly nodes: readonly BenchNode[];
  /** What the queue was told. */
  readonly queued: string[] = [];
  /** Milliseconds by which the wall clock is ahead. */
  shiftMs = 0;
  readonly #main: BenchNode;
  readonly #server: TestRedis;
  readonly #folder: TemporaryFolder;

  private constructor(server: TestRedis, folder: TemporaryFolder, nodes: number) {
    this.#server = server;
    this.#folder = folder;
    this.store = createFolderStore(folder.path);
    this.archive = createSessionArchive(this.store);
    this.redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
    this.redis.on('error', () => undefined);
    this.#main = this.#node('0');
    const others = Array.from({ length: nodes - 1 }, (_, number) => this.#node(String(number + 1)));
    this.nodes = [this.#main, ...others];
  }

  static async start(nodes: number): Promise<SessionBench> {
    return new SessionBench(await startRedis(), await temporaryFolder(), nodes);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.index.close()));
    this.redis.disconnect();
    await this.#server.stop();
    await this.store.close();
    await this.#folder.remove();
  }

  /** A context over this bench's stores; a test may replace a part by a failing one. */
  context(index: SessionIndex, over: Partial<SessionsContext> = {}): SessionsContext {
    return {
      truth: this.archive,
      index,
      queue: this.#queue(),
      readObject: (key) => this.store.get(key),
      now: () => new Date(Date.now() + this.shiftMs),
      elapsedMs: () => performance.now() + this.shiftMs,
      randomBytes,
      warn: () => undefined,
      settings: {
        ttlSeconds: 3600,
        endTailWaitMs: 300,
        leaseMs: 600,
        recoveryWaitSeconds: 60,
        onDifferentUpload: 'refuse',
      },
      ...over,
    };
  }

  async create(uploadType: 'stream' | 'chunked' = 'stream'): Promise<SessionRef> {
    const { tenant, sessionId } = await this.#main.sessions.create(
      { tenant: 'clinic', subject: 'key_1', test: false },
      { request: CreateSessionRequest.parse({ upload_type: uploadType }), idempotencyKey: undefined },
    );
    return { tenant, sessionId };
  }

  /** Begins a stream on a node that has seen nothing of the session; resolves to its epoch. */
  async claim(ref: SessionRef, node = 'elsewhere'): Promise<number> {
    const claim = { node, above: 0, patienceMs: 0, resuming: false };
    return (await this.#main.sessions.claimStream(ref, claim)).epoch;
  }

  /** Stores the segment at a place of a track without holes and gives its entry. */
  async storeSegment(ref: SessionRef, index: number): Promise<SegmentEntry> {
    const firstSample = index * SEGMENT_SAMPLES;
    const key = keys.segment(ref, { track: 'main', index, firstSample });
    const wav = encodeWav(computedAudio(SEED, firstSample, SEGMENT_SAMPLES), RATE);
    await this.store.put(key, wav, { createOnly: true });
    return {
      track: 'main',
      index,
      key,
      sampleRate: RATE,
      firstSample,
      samples: SEGMENT_SAMPLES,
      sha256: createHash('sha256').update(wav).digest('hex'),
      cut: 'pause',
      speechRatio: 0.5,
      levelDb: -20,
      speech: true,
    };
  }

  record(epoch: number, segments: SegmentEntry[], over: Partial<StreamRecord> = {}): StreamRecord {
    const at = new Date(Date.now() + this.shiftMs).toISOString();
    return {
      v: 1,
      epoch,
      transport: 'websocket',
      dialect: 'raw',
      encoding: 'pcm16',
      bigEndian: false,
      callId: null,
      providerStreamId: null,
      startedAt: at,
      endedAt: at,
      closedBy: 'stop',
      frames: 1,
      malformedFrames: 0,
      duplicateFrames: 0,
      reorderedFrames: 0,
      oddBytes: 0,
      segments,
      gaps: [],
      coverage: coverageOf(segments, []),
      warnings: [],
      ...over,
    };
  }

  #node(name: string): BenchNode {
    const index = createRedisIndex(this.redis, { node: name });
    return { index, sessions: createSessions(this.context(index)) };
  }

  #queue(): WorkQueue {
    const note = (line: string): Promise<void> => {
      this.queued.push(line);
      return Promise.resolve();
    };
    return {
      decodeUploads: (ref) => note(`decode ${ref.sessionId}`),
      transcribe: (document, segments) => note(`transcribe ${document.sessionId} ${segments.length}`),
      renderRecording: (ref) => note(`render ${ref.sessionId}`),
      announce: (ref, event) => note(`${event} ${ref.sessionId}`),
      removeWork: (ref, segments) =>
        note(`remove ${ref.sessionId} ${segments.length}`).then(() => segments.length),
    };
  }
}

const signal = new AbortController().signal;
let bench: SessionBench;
let nodes: readonly Sessions[];

beforeAll(async () => {
  bench = await SessionBench.start(3);
  nodes = bench.nodes.map((node) => node.sessions);
});
afterAll(() => bench.stop());
beforeEach(async () => {
  await bench.redis.flushall();
  for await (const ref of bench.archive.listPendingRefs()) await bench.archive.removePending(ref);
  bench.shiftMs = 0;
  bench.queued.length = 0;
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const pass = (): Promise<number[]> => Promise.all(nodes.map((node) => node.carryEnds(signal)));
const finished = async (): Promise<number> => (await pass()).reduce((sum, count) => sum + count, 0);

/** A session whose only stream's node is gone before it could record anything; one segment was stored. */
async function orphaned(): Promise<{ ref: SessionRef; epoch: number }> {
  const ref = await bench.create();
  const epoch = await bench.claim(ref, 'dead');
  const entry = await bench.storeSegment(ref, 0);
  await nodes[0]!.recordSegments(ref, [entry]);
  return { ref, epoch };
}

async function giveUp(): Promise<void> {
  bench.shiftMs += 61_000;
  await pass();
  await sleep(650);
}

describe('End of a stream whose owner does not answer', () => {
  it('is answered with what is known, shows as processing, and lets no stream begin', async () => {
    const { ref } = await orphaned();
    const answer = await nodes[0]!.end(ref, {});
    expect(answer).toMatchObject({ status: 'processing', audio_files: ['0.wav'] });
    expect(await bench.archive.readManifest(ref)).toBeNull();
    const snapshot = await nodes[1]!.snapshot(ref);
    expect(snapshot.row.status).toBe('processing');
    expect(snapshot.coverage).toMatchObject([{ receivedSamples: SEGMENT_SAMPLES }]);
    await expect(bench.claim(ref)).rejects.toMatchObject({ code: 'session_ended' });
    expect(bench.queued.filter((line) => line === `session.ended ${ref.sessionId}`)).toHaveLength(1);
  });

  it('gives a hundred callers on three nodes one answer, then and after the tail came, and one manifest', async () => {
    const { ref, epoch } = await orphaned();
    const ask = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => nodes[n % 3]!.end(ref, {})));
    const answers = await ask(100);
    const tail = [await bench.storeSegment(ref, 0), await bench.storeSegment(ref, 1)];
    await nodes[2]!.closeStream(ref, bench.record(epoch, tail));
    expect(await finished()).toBeGreaterThan(0);
    answers.push(...(await ask(10)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const manifest = await bench.archive.readManifest(ref);
    expect(manifest).toMatchObject({ answer: answers[0], issues: [], gaps: [] });
    expect(manifest?.segments).toHaveLength(2);
    expect(bench.queued.filter((line) => line.startsWith('transcribe'))).toHaveLength(1);
    expect(await finished()).toBe(0);
  });

  it('gives one answer to callers of whom some wait for the tail and some give up', async () => {
    const ref = await bench.create();
    const epoch = await bench.claim(ref, '1');
    const tail = [await bench.storeSegment(ref, 0)];
    const asked = Array.from({ length: 100 }, async (_, n) => {
      await sleep(n * 4);
      return nodes[n % 3]!.end(ref, {});
    });
    await sleep(320);
    tail.push(await bench.storeSegment(ref, 1));
    await nodes[1]!.closeStream(ref, bench.record(epoch, tail));
    const answers = await Promise.all(asked);
    await pass();
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const manifest = await bench.archive.readManifest(ref);
    expect([manifest?.answer, manifest?.segments.length]).toEqual([answers[0], 2]);
  });

  it('is carried through by the owner that came back, however late before the time is up', async () => {
    const { ref, epoch } = await orphaned();
    await nodes[0]!.end(ref, {});
    await sleep(650);
    bench.shiftMs += 55_000;
    expect(await finished()).toBe(0);
    await bench.redis.flushall();
    expect(await finished()).toBe(0);
    await nodes[1]!.closeStream(ref, bench.record(epoch, [await bench.storeSegment(ref, 0)]));
    expect(await finished()).toBeGreaterThan(0);
    expect((await bench.archive.readManifest(ref))?.issues).toEqual([]);
  });

  it('ends with what is stored, and says so, when nobody came back in time', async () => {
    const { ref } = await orphaned();
    await nodes[0]!.end(ref, {});
    await sleep(650);
    await giveUp();
    expect(await finished()).toBeGreaterThan(0);
    const manifest = await bench.archive.readManifest(ref);
    expect(manifest?.issues.map((issue) => issue.type)).toEqual(['stream_interrupted']);
    expect(manifest?.segments).toHaveLength(1);
    expect((await nodes[2]!.load(ref)).status).toBe('processing');
    expect(bench.queued).toContain(`transcribe ${ref.sessionId} 1`);
  });

  it('survives an emptied Redis, also when nothing of the stream was stored yet', async () => {
    const ref = await bench.create();
    const epoch = await bench.claim(ref, 'dead');
    const answer = await nodes[0]!.end(ref, {});
    await bench.redis.flushall();
    expect((await nodes[1]!.snapshot(ref)).row.status).toBe('processing');
    expect(await finished()).toBe(0);
    await expect(bench.claim(ref)).rejects.toMatchObject({ code: 'session_ended' });
    expect(await nodes[2]!.end(ref, {})).toEqual(answer);
    await nodes[0]!.closeStream(ref, bench.record(epoch, [await bench.storeSegment(ref, 0)]));
    expect(await finished()).toBeGreaterThan(0);
    expect((await bench.archive.readManifest(ref))?.segments).toHaveLength(1);
  });

  it('does not give up on an owner that holds its lease, and tells it again', async () => {
    const ref = await bench.create();
    const epoch = await bench.claim(ref, '1');
    const hold = (): Promise<boolean> => bench.nodes[1]!.index.holdStream(ref, { node: '1', epoch }, 60_000);
    const told: number[] = [];
    bench.nodes[1]!.index.onStreamNotice((notice) => {
      if (notice.ref.sessionId === ref.sessionId) told.push(notice.epoch);
    });
    await hold();
    await nodes[0]!.end(ref, {});
    const before = told.length;
    await giveUp();
    expect(await finished()).toBe(0);
    expect(told.length).toBeGreaterThan(before);
    bench.shiftMs += 86_400_000;
    expect(await finished()).toBeGreaterThan(0);
  });

  it('does not take a stream for dead whose lease an emptied Redis has just forgotten', async () => {
    const ref = await bench.create();
    const epoch = await bench.claim(ref, '1');
    await bench.nodes[1]!.index.holdStream(ref, { node: '1', epoch }, 60_000);
    await nodes[0]!.end(ref, {});
    bench.shiftMs += 61_000;
    await pass();
    await bench.redis.flushall();
    expect(await finished()).toBe(0);
    await bench.nodes[1]!.index.holdStream(ref, { node: '1', epoch }, 60_000);
    await sleep(650);
    expect(await finished()).toBe(0);
  });

  it('is dropped with the session when that is erased', async () => {
    const { ref } = await orphaned();
    await nodes[0]!.end(ref, {});
    await nodes[1]!.erase(ref);
    await giveUp();
    expect(await finished()).toBe(0);
    expect(await bench.archive.readPending(ref)).toBeNull();
    await expect(nodes[0]!.end(ref, {})).rejects.toMatchObject({ code: 'session_not_found' });
  });
});

describe('End after the index was emptied', () => {
  it('waits for the lease of a living stream to show again', async () => {
    const ref = await bench.create();
    const epoch = await bench.claim(ref, '1');
    await bench.redis.flushall();
    setTimeout(() => void bench.nodes[1]!.index.holdStream(ref, { node: '1', epoch }, 60_000), 150);
    await nodes[0]!.end(ref, {});
    expect(await bench.archive.readManifest(ref)).toBeNull();
    expect((await bench.archive.readPending(ref))?.intent?.epoch).toBe(epoch);
  });
});

describe('End that breaks off', () => {
  const steps = ['createPending', 'createManifest'] as const;

  it.each(steps)(
    'before or behind %s is finished by any node with the answer that was stored',
    async (step) => {
      for (const behind of [false, true]) {
        const { ref, epoch } = await orphaned();
        await nodes[0]!.closeStream(ref, bench.record(epoch, [await bench.storeSegment(ref, 0)]));
        const crash = async (work: () => Promise<'created' | 'exists'>): Promise<never> => {
          if (behind) await work();
          throw new Error('the process is gone');
        };
        const truth: SessionTruth = {
          ...bench.archive,
          [step]: (document: never) => crash(() => bench.archive[step](document)),
        };
        const dying = createSessions(bench.context(bench.nodes[0]!.index, { truth }));
        await expect(dying.end(ref, {})).rejects.toThrow('the process is gone');
        await pass();
        const answer = await nodes[1]!.end(ref, {});
        expect((await bench.archive.readManifest(ref))?.answer).toEqual(answer);
        expect(await nodes[2]!.end(ref, {})).toEqual(answer);
      }
    },
  );
});

describe('the digest of a track', () => {
  const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const pcm = (from: number, samples: number): Uint8Array =>
    new Uint8Array(computedAudio(SEED, from, samples).buffer);

  it('is computed from the stored segments, holes as zeros, and shown', async () => {
    const ref = await bench.create();
    const epoch = await bench.claim(ref, 'a');
    const segments = [await bench.storeSegment(ref, 0), await bench.storeSegment(ref, 2)];
    await nodes[0]!.closeStream(ref, bench.record(epoch, segments));
    await nodes[0]!.end(ref, {});
    const whole = Buffer.concat([
      pcm(0, SEGMENT_SAMPLES),
      new Uint8Array(SEGMENT_SAMPLES * 2),
      pcm(2 * SEGMENT_SAMPLES, SEGMENT_SAMPLES),
    ]);
    const digests = [{ track: 'main', samples: 3 * SEGMENT_SAMPLES, sha256: sha(whole) }];
    expect((await bench.archive.readManifest(ref))?.digests).toEqual(digests);
    const { digests: shown, gaps, coverage } = await nodes[1]!.snapshot(ref);
    expect(shown).toEqual(digests);
    const hole = { from: SEGMENT_SAMPLES, to: 2 * SEGMENT_SAMPLES, reason: 'interrupted' };
    expect(gaps).toMatchObject([hole]);
    expect(coverage).toMatchObject([{ receivedSamples: 24_000, storedSamples: 16_000, gapSamples: 8000 }]);
  });

  it('is taken from the record that reaches the end of the track, and from no shorter one', async () => {
    for (const [samples, expected] of [
      [SEGMENT_SAMPLES, 'told'],
      [SEGMENT_SAMPLES - 1, sha(pcm(0, SEGMENT_SAMPLES))],
    ] as const) {
      const ref = await bench.create();
      const epoch = await bench.claim(ref, 'a');
      const digests = [{ track: 'main' as const, samples, sha256: 'told' }];
      const segments = [await bench.storeSegment(ref, 0)];
      await nodes[0]!.closeStream(ref, bench.record(epoch, segments, { digests }));
      await nodes[0]!.end(ref, {});
      expect((await bench.archive.readManifest(ref))?.digests?.[0]?.sha256).toBe(expected);
    }
  });
});
