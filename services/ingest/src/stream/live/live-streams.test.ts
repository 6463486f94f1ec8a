import { LIMITS } from '@earshot/protocol';
import type { StreamNotice } from '@earshot/sessions';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createMemoryLog } from '../testing/intake-bench.ts';
import { type HaltReason, type LiveStream, LiveStreams } from './live-streams.ts';

const ref = { tenant: 'clinic', sessionId: 'ses_0000000000000001' };
let lives: LiveStreams | undefined;

interface Bench {
  readonly live: LiveStreams;
  readonly held: number[];
  readonly lines: readonly { readonly message: string }[];
  readonly notify: (notice: StreamNotice) => void;
  answer: () => Promise<boolean>;
}

function bench(): Bench {
  const held: number[] = [];
  const log = createMemoryLog();
  let listener: (notice: StreamNotice) => void = () => undefined;
  const out: Bench = {
    held,
    lines: log.lines,
    answer: () => Promise.resolve(true),
    notify: (notice) => listener(notice),
    live: new LiveStreams({
      index: {
        holdStream: (_ref, lease) => {
          held.push(lease.epoch);
          return out.answer();
        },
        onStreamNotice: (told) => {
          listener = told;
        },
      },
      node: 'node',
      limits: LIMITS,
      clock: { now: () => new Date(), elapsedMs: () => Date.now() },
      log,
    }),
  };
  lives = out.live;
  return out;
}

function stream(epoch: number): LiveStream & { halts: HaltReason[]; ticks: number } {
  const one = {
    epoch,
    halts: [] as HaltReason[],
    ticks: 0,
    halt: (reason: HaltReason) => void one.halts.push(reason),
    tick: () => {
      one.ticks += 1;
    },
  };
  return one;
}

afterEach(() => {
  expect(lives?.count).toBe(0);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('the live streams of a node', () => {
  it('pass a notice to streams of its epoch and older, of its session only', () => {
    jest.useFakeTimers();
    const { live, notify } = bench();
    const admissions = [live.admit(ref), live.admit(ref), live.admit({ ...ref, tenant: 'other' })];
    const streams = [stream(1), stream(2), stream(1)];
    for (const [i, admission] of admissions.entries()) admission.begin(streams[i]!);
    notify({ ref, reason: 'superseded', epoch: 1 });
    expect(streams.map(({ halts }) => halts)).toEqual([['superseded'], [], []]);
    for (const admission of admissions) admission.leave();
  });

  it('deliver a notice that came while the stream was being opened', () => {
    jest.useFakeTimers();
    const { live, notify } = bench();
    const admission = live.admit(ref);
    notify({ ref, reason: 'superseded', epoch: 4 });
    notify({ ref, reason: 'end', epoch: 5 });
    const late = stream(5);
    admission.begin(late);
    expect(late.halts).toEqual(['end']);
    admission.leave();
  });

  it('renew their leases from one timer, and stop a stream that lost its lease', async () => {
    jest.useFakeTimers();
    const { live, held } = bench();
    const streams = [stream(1), stream(7)];
    const admissions = [live.admit(ref), live.admit({ ...ref, sessionId: 'ses_0000000000000002' })];
    for (const [i, admission] of admissions.entries()) admission.begin(streams[i]!);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(15_000);
    expect(held.filter((epoch) => epoch === 1)).toHaveLength(3);
    expect(streams.map(({ ticks }) => ticks)).toEqual([15, 15]);
    expect(streams.flatMap(({ halts }) => halts)).toEqual([]);
    for (const admission of admissions) admission.leave();
  });

  it('stop a stream whose lease a newer epoch holds', async () => {
    jest.useFakeTimers();
    const on = bench();
    on.answer = () => Promise.resolve(false);
    const one = stream(1);
    const admission = on.live.admit(ref);
    admission.begin(one);
    await jest.advanceTimersByTimeAsync(5000);
    expect(one.halts).toEqual(['superseded']);
    admission.leave();
  });

  it('go on while the index is down, and say so once', async () => {
    jest.useFakeTimers();
    const on = bench();
    on.answer = () => Promise.reject(new Error('no redis'));
    const one = stream(1);
    const admission = on.live.admit(ref);
    admission.begin(one);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(one.halts).toEqual([]);
    expect(on.lines.filter((line) => line.message.includes('leases'))).toHaveLength(1);
    admission.leave();
  });

  it('renew nothing while a lease is being given back, not even what was under way', async () => {
    jest.useFakeTimers();
    const on = bench();
    let answer: (held: boolean) => void = () => undefined;
    on.answer = () => new Promise((resolve) => (answer = resolve));
    const admission = on.live.admit(ref);
    admission.begin(stream(1));
    await jest.advanceTimersByTimeAsync(5000);
    let suspended = false;
    const suspending = admission.suspend().then(() => {
      suspended = true;
    });
    await jest.advanceTimersByTimeAsync(1000);
    expect(suspended).toBe(false);
    answer(true);
    await suspending;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(on.held).toHaveLength(1);
    admission.resume();
    await jest.advanceTimersByTimeAsync(1000);
    expect(on.held).toHaveLength(2);
    answer(true);
    admission.leave();
    jest.clearAllTimers();
  });

  it('are all halted when the node stops, also those that begin later', () => {
    jest.useFakeTimers();
    const { live } = bench();
    const [early, late] = [stream(1), stream(2)];
    const admissions = [live.admit(ref), live.admit(ref)];
    admissions[0]!.begin(early);
    live.haltAll(100);
    expect(early.halts).toEqual(['shutdown']);
    admissions[1]!.begin(late);
    expect(late.halts).toEqual(['shutdown']);
    for (const admission of admissions) admission.leave();
  });

  it('are empty when the last has left, leaving twice counting once', async () => {
    jest.useFakeTimers();
    const { live } = bench();
    const [one, two] = [live.admit(ref), live.admit(ref)];
    expect(live.count).toBe(2);
    const empty = live.empty();
    one.leave();
    one.leave();
    expect(live.count).toBe(1);
    two.leave();
    await empty;
    await live.empty();
    expect(live.count).toBe(0);
  });
});
