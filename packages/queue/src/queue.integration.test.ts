import type { SessionRef, TranscribeSegmentJob } from '@earshot/protocol';
import { startRedis, type TestRedis, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Consumers, createConsumers } from './consumers/consumers.ts';
import type { Handler, Handlers, JobContext, JobOutcome } from './consumers/job-run.ts';
import { createQueueProducer, type QueueProducer } from './producer/producer.ts';
import { GiveUp, RetryLater } from './verdicts.ts';

const ref: SessionRef = { tenant: 'acme', sessionId: 'ses_queue0123456789' };

function segments(count: number, of: SessionRef = ref): TranscribeSegmentJob[] {
  return Array.from({ length: count }, (_, index) => ({
    ...of,
    track: 'main' as const,
    index,
    key: `${of.tenant}/${of.sessionId}/segments/main/${index}.wav`,
    speech: true,
    model: 'lite' as const,
    language: null,
  }));
}

const idle = (): Promise<void> => Promise.resolve();

function doing<T>(effect: (job: T, context: JobContext) => void): Handler<T> {
  return (job, context) => Promise.resolve().then(() => effect(job, context));
}
const nothing: Handlers = {
  'decode-uploads': idle,
  'transcribe-segment': idle,
  'assemble-transcript': idle,
  'render-recording': idle,
  'deliver-webhook': idle,
};

let redis: TestRedis;
let connection: Redis;
let producer: QueueProducer;
const running: Consumers[] = [];

function consume(handlers: Partial<Handlers>, concurrency = 4): JobOutcome[] {
  const outcomes: JobOutcome[] = [];
  const consumers = createConsumers({
    connection,
    handlers: { ...nothing, ...handlers },
    concurrency: {
      'decode-uploads': concurrency,
      'transcribe-segment': concurrency,
      'assemble-transcript': concurrency,
      'render-recording': concurrency,
      'deliver-webhook': concurrency,
    },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  consumers.start();
  running.push(consumers);
  return outcomes;
}

beforeEach(async () => {
  redis = await startRedis({ appendonly: true });
  connection = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  producer = createQueueProducer({ connection });
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((consumers) => consumers.close(500)));
  await producer.close();
  connection.disconnect();
  await redis.stop();
});

describe('a flow', () => {
  it('assembles once, after every segment has ended', async () => {
    const order: string[] = [];
    consume({
      'transcribe-segment': doing((job) => {
        order.push(`segment ${job.index}`);
      }),
      'assemble-transcript': doing(() => {
        order.push('assemble');
      }),
    });
    await producer.transcribeFlow(ref, segments(12));
    await until(() => order.includes('assemble'));
    expect(order.at(-1)).toBe('assemble');
    expect(new Set(order).size).toBe(13);
    expect(await producer.hasWork(ref)).toBe(true);
  });

  it('assembles directly when there are no segments', async () => {
    let assembled = 0;
    consume({
      'assemble-transcript': doing(() => {
        assembled += 1;
      }),
    });
    await producer.transcribeFlow(ref, []);
    await until(() => assembled === 1);
    expect(assembled).toBe(1);
  });

  it('of 600 segments can be added again, which changes nothing', async () => {
    await producer.transcribeFlow(ref, segments(600));
    await producer.transcribeFlow(ref, segments(600));
    const counts = await producer.counts();
    expect(counts['transcribe-segment'].waiting).toBe(600);
    expect(counts['assemble-transcript'].waitingChildren).toBe(1);
    expect(counts['transcribe-segment'].oldestWaitMs).toBeGreaterThan(0);
  });

  it('runs its parent when a child fails, whichever child it is', async () => {
    const assembled: string[] = [];
    const fail = new Map([
      ['ses_fails_first01', 0],
      ['ses_fails_middle1', 1],
      ['ses_fails_last001', 2],
    ]);
    consume({
      'transcribe-segment': doing((job) => {
        if (fail.get(job.sessionId) === job.index) throw new GiveUp('refused');
      }),
      'assemble-transcript': doing((job) => {
        assembled.push(job.sessionId);
      }),
    });
    for (const sessionId of fail.keys()) {
      const one = { tenant: 'acme', sessionId };
      await producer.transcribeFlow(one, segments(3, one));
    }
    await until(() => assembled.length === 3);
    const first = segments(1, { tenant: 'acme', sessionId: 'ses_fails_first01' });
    const work = await Promise.all(first.map((job) => producer.segmentWork(job)));
    expect(work[0]).toEqual({ state: 'failed', reason: 'refused', stalledOut: false });
    expect((await producer.counts())['transcribe-segment'].failed).toBe(3);
  });

  it('can be added anew after it ended, failed children included', async () => {
    let assembled = 0;
    const seen: number[] = [];
    consume({
      'transcribe-segment': doing((job) => {
        seen.push(job.index);
        if (job.index === 1) throw new GiveUp('refused');
      }),
      'assemble-transcript': doing(() => {
        assembled += 1;
      }),
    });
    await producer.transcribeFlow(ref, segments(3));
    await until(() => assembled === 1);
    await until(async () => (await producer.sessionWork(ref)).state === 'completed');
    await producer.transcribeFlow(ref, segments(3));
    await until(() => assembled === 2);
    expect(seen.sort()).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('whose parent waits for a child that is gone is found and can be added again', async () => {
    await producer.transcribeFlow(ref, segments(2));
    const ids = ['earshot-queue:transcribe-segment:seg-acme.ses_queue0123456789-main-1'];
    await connection.del(...ids);
    await connection.lrem('earshot-queue:transcribe-segment:wait', 0, 'seg-acme.ses_queue0123456789-main-1');
    expect(await producer.sessionWork(ref)).toEqual({ state: 'none' });
    let assembled = 0;
    consume({
      'assemble-transcript': doing(() => {
        assembled += 1;
      }),
    });
    await producer.transcribeFlow(ref, segments(2));
    await until(() => assembled === 1);
    expect((await producer.counts())['assemble-transcript'].waitingChildren).toBe(0);
  });
});

describe('a run that does not succeed', () => {
  it('is tried again after a wait and knows its last attempt', async () => {
    const runs: { attempt: number; final: boolean; at: number }[] = [];
    const outcomes = consume({
      'decode-uploads': doing((_job, context) => {
        runs.push({ attempt: context.attempt, final: context.finalAttempt, at: performance.now() });
        if (runs.length < 2) throw new Error('not yet');
      }),
    });
    await producer.decodeUploads(ref);
    await until(() => runs.length === 2);
    expect(runs.map((run) => [run.attempt, run.final])).toEqual([
      [1, false],
      [2, false],
    ]);
    const [first, second] = runs.map((run) => run.at);
    expect(Number(second) - Number(first)).toBeGreaterThan(850);
    await until(() => outcomes.some((outcome) => outcome.outcome === 'completed'));
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['retried', 'completed']);
  });

  it('may be put off without using up an attempt', async () => {
    const runs: [number, number][] = [];
    const outcomes = consume({
      'decode-uploads': doing((_job, context) => {
        runs.push([context.attempt, context.postponed]);
        if (runs.length < 4) throw new RetryLater(20);
      }),
    });
    await producer.decodeUploads(ref);
    await until(() => runs.length === 4);
    expect(runs).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
    await until(() => outcomes.length === 4);
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual([
      'postponed',
      'postponed',
      'postponed',
      'completed',
    ]);
  });

  it('ends at once when the handler gives up, and can be added again', async () => {
    let runs = 0;
    consume({
      'decode-uploads': doing(() => {
        runs += 1;
        throw new GiveUp('no use');
      }),
    });
    await producer.decodeUploads(ref);
    const ended = await until(async () => {
      const work = await producer.sessionWork(ref);
      return work.state === 'failed' ? work : undefined;
    });
    expect(ended).toMatchObject({ job: 'decode-uploads', stalledOut: false });
    await producer.decodeUploads(ref);
    await until(() => runs === 2);
    expect(runs).toBe(2);
  });

  it('ends at once when its payload does not fit the schema', async () => {
    await connection.connect();
    await producer.decodeUploads({ tenant: 'acme', sessionId: ref.sessionId });
    await connection.hset(
      'earshot-queue:decode-uploads:dec-acme.ses_queue0123456789',
      'data',
      '{"tenant":7}',
    );
    consume({});
    const ended = await until(async () => {
      const work = await producer.sessionWork(ref);
      return work.state === 'failed' ? work : undefined;
    });
    expect(ended.state).toBe('failed');
  });
});

describe('webhook deliveries', () => {
  it('are not repeated while the queue remembers them', async () => {
    let runs = 0;
    consume({
      'deliver-webhook': doing(() => {
        runs += 1;
      }),
    });
    const job = {
      ...ref,
      webhookId: 'whk_1',
      eventId: 'evt-1',
      event: 'session.completed' as const,
      occurredAt: '2026-01-01T00:00:00.000Z',
    };
    await producer.deliverWebhook(job);
    await until(() => runs === 1);
    await producer.deliverWebhook(job);
    await producer.deliverWebhook({ ...job, eventId: 'evt-2' }, { delayMs: 30 });
    await until(() => runs === 2);
    expect(runs).toBe(2);
  });
});

describe('recordings', () => {
  it('are made once however often they are asked for, and again after they failed', async () => {
    await producer.renderRecording(ref);
    await producer.renderRecording(ref);
    expect(await producer.recordingWork(ref)).toEqual({ state: 'unfinished' });
    let runs = 0;
    consume({
      'render-recording': () => {
        runs += 1;
        return runs === 1 ? Promise.reject(new GiveUp('no')) : Promise.resolve();
      },
    });
    await until(async () => (await producer.recordingWork(ref)).state === 'failed');
    expect(await producer.sessionWork(ref)).toEqual({ state: 'none' });
    await producer.renderRecording(ref);
    await until(async () => (await producer.recordingWork(ref)).state === 'completed');
    expect(runs).toBe(2);
  });
});

describe('an erased session', () => {
  it('leaves no job behind, waiting or ended, and nothing of other sessions is touched', async () => {
    const delivery = {
      ...ref,
      webhookId: 'whk_1',
      eventId: 'evt-ses_queue0123456789-session-ended',
      event: 'session.ended' as const,
      occurredAt: '2026-01-01T00:00:00.000Z',
    };
    const other = { tenant: 'acme', sessionId: 'ses_queue0123456780' };
    await producer.decodeUploads(ref);
    await producer.renderRecording(ref);
    await producer.transcribeFlow(ref, segments(3));
    await producer.transcribeFlow(other, segments(3, other));
    await producer.deliverWebhook(delivery, { delayMs: 60_000 });
    const jobs = { segments: segments(5), deliveries: [delivery] };
    expect(await producer.removeSession(ref, jobs)).toBe(7);
    expect(await producer.removeSession(ref, jobs)).toBe(0);
    expect(await producer.sessionWork(ref)).toEqual({ state: 'none' });
    await connection.connect();
    expect(await connection.keys('*ses_queue0123456789*')).toEqual([]);
    expect(await producer.sessionWork(other)).toEqual({ state: 'unfinished' });
  });
});

describe('closing', () => {
  it('waits for running jobs', async () => {
    let ended = false;
    let began = false;
    consume({
      'decode-uploads': async () => {
        began = true;
        await new Promise((resolve) => setTimeout(resolve, 300));
        ended = true;
      },
    });
    await producer.decodeUploads(ref);
    await until(() => began);
    await running.splice(0)[0]?.close(5000);
    expect(ended).toBe(true);
    expect((await producer.sessionWork(ref)).state).toBe('completed');
  });

  it('aborts what is still running after the deadline and gives the job back untried', async () => {
    let began = false;
    const outcomes = consume({
      'decode-uploads': (_job, context) => {
        began = true;
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      },
    });
    await producer.decodeUploads(ref);
    await until(() => began);
    await running.splice(0)[0]?.close(100);
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['returned']);
    expect((await producer.sessionWork(ref)).state).toBe('unfinished');
    const attempts: number[] = [];
    consume({
      'decode-uploads': doing((_job, context) => {
        attempts.push(context.attempt);
      }),
    });
    await until(() => attempts.length === 1);
    expect(attempts).toEqual([1]);
  });
});

describe('a consumer whose connection gives up on slow commands', () => {
  it('still wakes when a delayed job falls due', async () => {
    const impatient = connection.duplicate({ commandTimeout: 300 });
    impatient.on('error', () => undefined);
    const done: string[] = [];
    const consumers = createConsumers({
      connection: impatient,
      handlers: { ...nothing, 'deliver-webhook': doing((job) => void done.push(job.eventId)) },
      concurrency: {
        'decode-uploads': 1,
        'transcribe-segment': 1,
        'assemble-transcript': 1,
        'render-recording': 1,
        'deliver-webhook': 1,
      },
    });
    consumers.start();
    running.push(consumers);
    await producer.deliverWebhook(
      {
        ...ref,
        webhookId: 'whk_1',
        eventId: 'evt-1',
        event: 'session.ended',
        occurredAt: '2026-01-01T00:00:00.000Z',
      },
      { delayMs: 2000 },
    );
    await until(() => done.length === 1, { timeoutMs: 10_000 });
    expect(done).toEqual(['evt-1']);
    impatient.disconnect();
  }, 30_000);
});
