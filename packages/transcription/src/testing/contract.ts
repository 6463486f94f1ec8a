import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINE_SAMPLE_RATE, type Engine, type EngineResult } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';

/** What a suite needs to put one engine through the contract. */
export interface ContractSubject {
  /** A fresh engine; the suite closes it. */
  create(): Engine | Promise<Engine>;
  /** How long a job surely runs before an abort, ms. */
  readonly abortAfterMs: number;
  /** Kills a process of the engine that is at work; absent for engines without one. */
  killChild?(): Promise<void>;
  /** Processes that the engines of this suite have left. */
  countChildren?(): Promise<number>;
}

/** One promise of the engine port, checked with `node:assert`. */
export interface ContractCase {
  readonly name: string;
  run(subject: ContractSubject): Promise<void>;
}

const NEVER = new AbortController().signal;
const OPTIONS = { wantWords: true };

/** Quiet pseudo-random noise, the same every time. */
function noise(seconds: number): Int16Array {
  const samples = new Int16Array(Math.round(seconds * ENGINE_SAMPLE_RATE));
  let state = 1;
  for (let i = 0; i < samples.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    samples[i] = (state >>> 22) - 512;
  }
  return samples;
}

function assertTimes(result: EngineResult, samples: Int16Array): void {
  const durationMs = (samples.length * 1000) / ENGINE_SAMPLE_RATE;
  let last = 0;
  for (const segment of result.segments) {
    assert.ok(segment.startMs >= last, 'segments are sorted');
    assert.ok(segment.endMs >= segment.startMs && segment.endMs <= durationMs, 'segments lie in the audio');
    last = segment.startMs;
    let lastWord = 0;
    for (const word of segment.words ?? []) {
      assert.ok(word.startMs >= lastWord && word.endMs >= word.startMs, 'words are sorted');
      assert.ok(word.endMs <= durationMs, 'words lie in the audio');
      lastWord = word.startMs;
    }
  }
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EngineError, 'it rejects with an EngineError');
  return error.fault.kind;
}

/** `done`, or the kind of fault. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  const settled = await Promise.allSettled([work]);
  return settled[0].status === 'fulfilled' ? 'done' : faultOf(work);
}

async function transcribes(engine: Engine, samples: Int16Array): Promise<EngineResult> {
  const result = await engine.transcribe({ samples }, OPTIONS, NEVER);
  assertTimes(result, samples);
  assert.equal(result.engine, engine.identity.engine);
  return result;
}

/** A case on an engine that has shown itself ready, and is closed afterwards. */
function on(name: string, check: (engine: Engine, subject: ContractSubject) => Promise<void>): ContractCase {
  return {
    name,
    async run(subject) {
      const engine = await subject.create();
      try {
        await engine.ready(NEVER);
        await check(engine, subject);
      } finally {
        await engine.close();
      }
      if (subject.countChildren !== undefined)
        assert.equal(await subject.countChildren(), 0, 'no process is left');
    },
  };
}

const audioCases: readonly ContractCase[] = [
  on('answers empty audio with empty text', async (engine) => {
    const result = await transcribes(engine, new Int16Array(0));
    assert.equal(result.text, '');
    assert.deepEqual(result.segments, []);
  }),
  on('takes 50 ms of audio', async (engine) => {
    await transcribes(engine, noise(0.05));
  }),
  on('takes 25 s of audio', async (engine) => {
    await transcribes(engine, noise(25));
  }),
  on('takes digital silence', async (engine) => {
    await transcribes(engine, new Int16Array(ENGINE_SAMPLE_RATE));
  }),
  on('rejects audio that is longer than it takes, rather than cutting it', async (engine) => {
    const samples = new Int16Array((engine.capabilities.maxSeconds + 1) * ENGINE_SAMPLE_RATE);
    assert.equal(await faultOf(engine.transcribe({ samples }, OPTIONS, NEVER)), 'rejected');
  }),
  on('takes two jobs at once', async (engine) => {
    await Promise.all([transcribes(engine, noise(1)), transcribes(engine, noise(2))]);
  }),
];

const endingCases: readonly ContractCase[] = [
  on('rejects with aborted when the signal is aborted beforehand', async (engine) => {
    const work = engine.transcribe({ samples: noise(1) }, OPTIONS, AbortSignal.abort());
    assert.equal(await faultOf(work), 'aborted');
  }),
  on('rejects with aborted in mid-job, and works on afterwards', async (engine, subject) => {
    const controller = new AbortController();
    const work = faultOf(engine.transcribe({ samples: noise(25) }, OPTIONS, controller.signal));
    await sleep(subject.abortAfterMs);
    controller.abort();
    assert.equal(await work, 'aborted');
    await transcribes(engine, noise(0.5));
  }),
  on('is not disturbed by an abort after the answer', async (engine) => {
    const controller = new AbortController();
    await engine.transcribe({ samples: noise(0.5) }, OPTIONS, controller.signal);
    controller.abort();
    await transcribes(engine, noise(0.5));
  }),
  on('reports a killed process as crashed, and works on afterwards', async (engine, subject) => {
    if (subject.killChild === undefined) return;
    let outcome = 'done';
    // A quick engine may answer before the kill arrives.
    for (let tries = 0; outcome === 'done' && tries < 20; tries += 1) {
      const work = outcomeOf(engine.transcribe({ samples: noise(25) }, OPTIONS, NEVER));
      await sleep(subject.abortAfterMs);
      await subject.killChild();
      outcome = await work;
    }
    assert.equal(outcome, 'crashed');
    await transcribes(engine, noise(0.5));
  }),
  on('ends running work on close, and takes none after it', async (engine, subject) => {
    const work = faultOf(engine.transcribe({ samples: noise(25) }, OPTIONS, NEVER));
    await sleep(subject.abortAfterMs);
    await engine.close();
    assert.equal(await work, 'aborted');
    assert.equal(await faultOf(engine.transcribe({ samples: noise(0.5) }, OPTIONS, NEVER)), 'aborted');
  }),
];

/** What every engine promises; a test suite runs each case against its engine. */
export const engineContract: readonly ContractCase[] = [...audioCases, ...endingCases];
