import { computedAudio } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import type { HistoryEvent, SessionHistory, StoredSegment, StoredSession } from './history.ts';
import { judge, sumOf } from './judge.ts';

const SEED = 7;
const TOTAL = 50_000;

function segment(index: number, from: number, samples: Int16Array): StoredSegment {
  return { index, firstSample: from, sampleRate: 16_000, samples, sha256: `${index}` };
}

function stored(...segments: StoredSegment[]): StoredSession {
  return { status: 'completed', segments, gapSamples: 0, transcripts: 1 };
}

const first = segment(0, 0, computedAudio(SEED, 0, 20_000));
const second = segment(1, 20_000, computedAudio(SEED, 20_000, 30_000));

function connecting(connection: number): HistoryEvent {
  return { kind: 'connecting', atMs: 0, connection, from: 0 };
}
function ready(connection: number, epoch: number, nextSample: number, sent = TOTAL): HistoryEvent {
  return { kind: 'ready', atMs: 0, connection, epoch, nextSample, sent };
}
function ack(connection: number, epoch: number, durable: number): HistoryEvent {
  const positions = { received: durable, durable, archived: 0, sent: TOTAL };
  return { kind: 'ack', atMs: 0, connection, epoch, ...positions };
}
function history(events: readonly HistoryEvent[], whole = true): SessionHistory {
  return { sessionId: 's', seed: SEED, sampleRate: 16_000, events, sent: TOTAL, whole };
}
const honest = [connecting(1), ready(1, 1, 0), ack(1, 1, TOTAL)];
const clean = { samplesLost: 0, samplesDoubled: 0, stuck: 0, falseAcks: 0, findings: [] };

describe('the judge of what is stored', () => {
  it('finds nothing wrong with a session that is whole', () => {
    expect(judge(history(honest), stored(second, first))).toEqual(clean);
  });

  it('finds samples that are missing between segments, within one and at the end', () => {
    const hole = segment(1, 20_100, computedAudio(SEED, 20_100, 29_900));
    expect(judge(history(honest), stored(first, hole))).toMatchObject({ samplesLost: 100, falseAcks: 1 });
    const skipped = Int16Array.of(...computedAudio(SEED, 0, 9000), ...computedAudio(SEED, 9030, 11_000));
    expect(judge(history(honest), stored(segment(0, 0, skipped), second))).toMatchObject({ samplesLost: 30 });
    expect(judge(history(honest), stored(first))).toMatchObject({ samplesLost: 30_000, falseAcks: 1 });
  });

  it('finds silence in the place of audio', () => {
    const silent = first.samples.slice().fill(0, 500, 700);
    const verdict = judge(history(honest), stored(segment(0, 0, silent), second));
    expect(verdict).toMatchObject({ samplesLost: 200, samplesDoubled: 0 });
  });

  it('finds samples that are there twice, in two segments or in one', () => {
    const again = segment(1, 19_000, computedAudio(SEED, 19_000, 31_000));
    expect(judge(history(honest), stored(first, again))).toMatchObject({ samplesDoubled: 1000 });
    const twice = Int16Array.of(...computedAudio(SEED, 0, 300), ...computedAudio(SEED, 200, 19_700));
    expect(judge(history(honest), stored(segment(0, 0, twice), second))).toMatchObject({
      samplesDoubled: 100,
    });
  });

  it('finds two segments that changed places', () => {
    const swapped = [segment(0, 0, computedAudio(SEED, 30_000, 20_000)), second];
    expect(judge(history(honest), stored(...swapped)).samplesLost).toBeGreaterThan(0);
  });

  it('finds audio of another session, and names it', () => {
    const foreign = first.samples.slice();
    foreign.set(computedAudio(99, 5000, 15_000), 5000);
    const verdict = judge(history(honest), stored(segment(0, 0, foreign), second), [SEED, 99]);
    expect(verdict).toMatchObject({ samplesLost: 15_000, samplesDoubled: 15_000 });
    expect(verdict.findings.join()).toContain('of the session of seed 99');
  });

  it('finds samples that nobody sent', () => {
    const more = segment(1, 20_000, computedAudio(SEED, 20_000, 30_007));
    expect(judge(history(honest), stored(first, more))).toMatchObject({ samplesDoubled: 7 });
  });

  it('lets a session end anywhere between what was acknowledged and what was sent', () => {
    const events = [connecting(1), ready(1, 1, 0), ack(1, 1, 20_000)];
    expect(judge(history(events, false), stored(first))).toEqual(clean);
    expect(judge(history(events, false), stored(first, second))).toEqual(clean);
  });

  it('counts sessions without an end, with a wrong one, with gaps and without one transcript', () => {
    const whole = stored(first, second);
    expect(judge(history(honest), { ...whole, status: undefined }).stuck).toBe(1);
    expect(judge(history(honest), { ...whole, status: 'partial' }).stuck).toBe(1);
    expect(judge(history(honest), { ...whole, transcripts: 0 }).stuck).toBe(1);
    expect(judge(history(honest), { ...whole, gapSamples: 12 }).samplesLost).toBe(12);
  });
});

describe('the judge of promises', () => {
  const falseAcks = (...events: HistoryEvent[]): number =>
    judge(history(events), stored(first, second)).falseAcks;

  it('finds a ready below what was durable when its connection began', () => {
    expect(falseAcks(...honest, connecting(2), ready(2, 2, 49_999))).toBe(1);
    expect(falseAcks(...honest, connecting(2), ready(2, 2, TOTAL))).toBe(0);
  });

  it('allows a ready that an ack of another socket has overtaken', () => {
    const overtaken = [connecting(1), ready(1, 1, 0), connecting(2), ack(1, 1, TOTAL), ready(2, 2, 10_000)];
    expect(falseAcks(...overtaken)).toBe(0);
  });

  it('finds a ready beyond what was sent', () => {
    expect(falseAcks(connecting(1), ready(1, 1, 100, 99), ack(1, 1, TOTAL))).toBe(1);
  });

  it('finds an epoch that did not grow, and acks of a foreign one', () => {
    expect(falseAcks(...honest, connecting(2), ready(2, 1, TOTAL))).toBe(1);
    expect(falseAcks(...honest, ack(1, 2, TOTAL))).toBe(1);
  });

  it('finds a durable position that goes back', () => {
    expect(falseAcks(...honest, ack(1, 1, TOTAL - 1))).toBe(1);
  });

  it('finds acks that contradict themselves or run ahead of the sender', () => {
    const base = { kind: 'ack', atMs: 0, connection: 1, epoch: 1, sent: 100, archived: 0 } as const;
    const opened = [connecting(1), ready(1, 1, 0, 0)];
    expect(falseAcks(...opened, { ...base, received: 101, durable: 0 })).toBe(1);
    expect(falseAcks(...opened, { ...base, received: 50, durable: 60 })).toBe(1);
    expect(falseAcks(...opened, { ...base, received: 50, durable: 50, archived: 51 })).toBe(1);
  });

  it('finds a durable ack of audio that is not there in the end', () => {
    const verdict = judge(history(honest, false), stored(first));
    expect(verdict).toMatchObject({ falseAcks: 1, samplesLost: 30_000 });
  });

  it('takes a ready for a promise about everything below it', () => {
    const events = [connecting(1), ready(1, 1, 0, 0), connecting(2), ready(2, 2, 30_000)];
    expect(judge(history(events, false), stored(first))).toMatchObject({ falseAcks: 1, samplesLost: 10_000 });
    expect(falseAcks(...events, connecting(3), ready(3, 3, 29_999))).toBe(1);
  });

  it('finds a segment that was told of and is not stored', () => {
    const told = { kind: 'segment', atMs: 0, connection: 1, firstSample: 0, samples: 20_000 } as const;
    expect(falseAcks(...honest, { ...told, sha256: '0' })).toBe(0);
    expect(falseAcks(...honest, { ...told, sha256: 'another' })).toBe(1);
  });
});

describe('sums of verdicts', () => {
  it('add counts and keep every finding', () => {
    const bad = judge(history(honest), { ...stored(first), status: undefined });
    const sum = sumOf([bad, bad]);
    expect(sum).toMatchObject({ samplesLost: 60_000, stuck: 2, falseAcks: 2 });
    expect(sum.findings).toHaveLength(bad.findings.length * 2);
  });
});
