import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EarshotError, type SessionRef, type TranscribeSegmentJob } from '@earshot/protocol';
import { startRedis, type TestRedis, until } from '@earshot/test-support';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Consumers, createConsumers } from './consumers/consumers.ts';
import type { Handler, Handlers, JobContext } from './consumers/job-run.ts';
import { createQueueProducer, type QueueProducer } from './producer/producer.ts';

const ref: SessionRef = { tenant: 'acme', sessionId: 'ses_faults0123456789' };
const root = fileURLToPath(new URL('../../../', import.meta.url));

function segments(count: number): TranscribeSegmentJob[] {
  return Array.from({ length: count }, (_, index) => ({
    ...ref,
    track: 'main' as const,
    index,
    key: `${ref.tenant}/${ref.sessionId}/segments/main/${index}.wav`,
    speech: true,
    model: 'lite' as const,
    language: null,
  }));
}

const idle = (): Promise<void> => Promise.resolve();

function doing<T>(effect: (job: T, context: JobContext) => void): Handler<T> {
  return (job, context) => Promise.resolve().then(() => effect(job, context));
}

let redis: TestRedis;
let connection: Redis;
let producer: QueueProducer;
const running: Consumers[] = [];
const children: ChildProcess[] = [];

function open(): void {
  connection = new Redis(redis.url, { lazyConnect: true, maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  producer = createQueueProducer({ connection });
}

function consume(handlers: Partial<Handlers>): void {
  const consumers = createConsumers({
    connection,
    handlers: {
      'decode-uploads': idle,
      'transcribe-segment': idle,
      'assemble-transcript': idle,
      'render-recording': idle,
      'deliver-webhook': idle,
      ...handlers,
    },
    concurrency: {
      'decode-uploads': 2,
      'transcribe-segment': 2,
      'assemble-transcript': 2,
      'render-recording': 2,
      'deliver-webhook': 2,
    },
  });
  consumers.start();
  running.push(consumers);
}

beforeEach(async () => {
  redis = await startRedis({ appendonly: true });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((consumers) => consumers.close(200)));
  await producer.close();
  connection.disconnect();
  await redis.stop();
});

async function refusal(promise: Promise<unknown>): Promise<{ code: string; ms: number }> {
  const started = performance.now();
  const error = await promise.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof EarshotError)) throw error;
  return { code: error.code, ms: performance.now() - started };
}

describe('Redis away', () => {
  it('makes adding fail soon, and work again once Redis is back', async () => {
    open();
    await producer.transcribeFlow(ref, segments(1));
    await redis.kill();
    await until(async () => (await refusal(producer.hasWork(ref))).code === 'service_unavailable');
    const refused = await refusal(producer.transcribeFlow(ref, segments(1)));
    expect(refused.code).toBe('service_unavailable');
    expect(refused.ms).toBeLessThan(4000);
    await redis.restart();
    await until(async () => {
      await producer.transcribeFlow(ref, segments(1));
      return true;
    });
    expect((await producer.sessionWork(ref)).state).toBe('unfinished');
  });

  it('from the start makes adding fail fast too, and consumers begin when it comes', async () => {
    await redis.kill();
    open();
    let ran = 0;
    consume({
      'decode-uploads': doing(() => {
        ran += 1;
      }),
    });
    const refused = await refusal(producer.decodeUploads(ref));
    expect(refused).toMatchObject({ code: 'service_unavailable' });
    expect(refused.ms).toBeLessThan(4000);
    await redis.restart();
    await until(async () => {
      await producer.decodeUploads(ref);
      return true;
    });
    await until(() => ran === 1, { timeoutMs: 15_000 });
    expect(ran).toBe(1);
  });

  it('lets consumers close in time', async () => {
    open();
    consume({});
    await producer.decodeUploads(ref);
    await redis.kill();
    const started = performance.now();
    await Promise.all(running.splice(0).map((consumers) => consumers.close(300)));
    expect(performance.now() - started).toBeLessThan(8000);
    // BullMQ's watchdog over a blocked wait cannot be cancelled and runs out by itself.
    await new Promise((resolve) => setTimeout(resolve, 3200));
  });

  it('and silent (stopped, connections open) makes adding fail within six seconds', async () => {
    open();
    await producer.decodeUploads(ref);
    redis.pause();
    const refused = await refusal(producer.decodeUploads(ref));
    redis.resume();
    expect(refused.code).toBe('service_unavailable');
    expect(refused.ms).toBeLessThan(6000);
  });

  it('for a moment under running consumers: they go on by themselves', async () => {
    open();
    const done = new Set<number>();
    let assembled = 0;
    consume({
      'transcribe-segment': async (job) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        done.add(job.index);
      },
      'assemble-transcript': doing(() => {
        assembled += 1;
      }),
    });
    await producer.transcribeFlow(ref, segments(40));
    await until(() => done.size > 5);
    await redis.kill();
    await redis.restart();
    await until(() => assembled > 0, { timeoutMs: 25_000 });
    expect(done.size).toBe(40);
    expect(assembled).toBe(1);
  });
});

describe('Redis emptied', () => {
  it('forgets the work; added again it is done by the same consumers', async () => {
    open();
    const seen: number[] = [];
    let assembled = 0;
    let hold = true;
    consume({
      'transcribe-segment': async (job) => {
        seen.push(job.index);
        while (hold) await new Promise((resolve) => setTimeout(resolve, 10));
      },
      'assemble-transcript': doing(() => {
        assembled += 1;
      }),
    });
    await producer.transcribeFlow(ref, segments(6));
    await until(() => seen.length === 2);
    await redis.flushAll();
    hold = false;
    expect(await producer.hasWork(ref)).toBe(false);
    await producer.transcribeFlow(ref, segments(6));
    await until(() => assembled === 1, { timeoutMs: 20_000 });
    expect(new Set(seen).size).toBe(6);
    expect((await producer.counts())['transcribe-segment'].active).toBe(0);
  });
});

/** A process that runs compiled consumers and says on stdout which jobs it takes; `poison` kills it. */
const PROGRAM = `
import { Redis } from 'ioredis';
import { createConsumers } from './packages/queue/dist/index.js';
const [url, poison] = process.argv.slice(1);
const idle = async () => undefined;
createConsumers({
  connection: new Redis(url, { maxRetriesPerRequest: null }),
  concurrency: { 'decode-uploads': 1, 'transcribe-segment': 2, 'assemble-transcript': 1,
    'render-recording': 1, 'deliver-webhook': 1 },
  handlers: {
    'decode-uploads': idle, 'render-recording': idle, 'deliver-webhook': idle,
    'assemble-transcript': async () => console.log('assembled'),
    'transcribe-segment': async (job) => {
      console.log('took ' + job.index);
      if (poison === 'all') await new Promise((resolve) => setTimeout(resolve, 60_000));
      await new Promise((resolve) => setTimeout(resolve, 300));
      if (job.index === Number(poison)) process.kill(process.pid, 'SIGKILL');
    },
  },
}).start();
`;

function startProcess(poison: string): { child: ChildProcess; lines: string[]; ended: Promise<void> } {
  const lines: string[] = [];
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      PROGRAM.replace(/'(ioredis)'/, `'${import.meta.resolve('ioredis')}'`),
      redis.url,
      poison,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  child.stdout.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, lines, ended };
}

describe('a dying process', () => {
  beforeAll(async () => {
    const compiler = `${root}node_modules/@typescript/native/bin/tsc`;
    // Type errors are another check's business; the compiler writes its output all the same.
    await promisify(execFile)(process.execPath, [compiler, '--build', 'packages/queue'], { cwd: root }).catch(
      () => undefined,
    );
  }, 120_000);

  it('killed in mid-job has its job run elsewhere within 16 seconds', async () => {
    open();
    await producer.transcribeFlow(ref, segments(1));
    const { child, lines, ended } = startProcess('all');
    await until(() => lines.includes('took 0'));
    child.kill('SIGKILL');
    await ended;
    const killedAt = performance.now();
    let assembled = 0;
    const attempts: number[] = [];
    consume({
      'transcribe-segment': doing((_job, context) => {
        attempts.push(context.attempt);
      }),
      'assemble-transcript': doing(() => {
        assembled += 1;
      }),
    });
    await until(() => assembled === 1, { timeoutMs: 20_000 });
    expect(performance.now() - killedAt).toBeLessThan(16_000);
    expect(attempts).toEqual([1]);
  }, 40_000);

  it('killed by its job again and again fails that job alone, and the parent still runs', async () => {
    open();
    await producer.transcribeFlow(ref, segments(4));
    let deaths = 0;
    for (;;) {
      const life = startProcess('2');
      let died = false;
      void life.ended.then(() => {
        died = true;
      });
      const assembled = (): boolean => life.lines.includes('assembled');
      await until(() => died || assembled(), { timeoutMs: 60_000 });
      if (assembled()) break;
      deaths += 1;
      if (deaths > 4) break;
    }
    expect(deaths).toBe(3);
    const work = await Promise.all(segments(4).map((segment) => producer.segmentWork(segment)));
    expect(work.map((one) => one.state)).toEqual(['completed', 'completed', 'failed', 'completed']);
    expect(work[2]?.stalledOut).toBe(true);
  }, 120_000);
});
