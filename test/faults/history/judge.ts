import { findAudioDifference } from '@earshot/test-support';
import {
  type AckedPositions,
  durablePosition,
  type HistoryEvent,
  type SessionHistory,
  type StoredSegment,
  type StoredSession,
} from './history.ts';

/** What is wrong with one session; all counts are 0 and nothing is found when all is well. */
export interface Verdict {
  readonly samplesLost: number;
  readonly samplesDoubled: number;
  readonly stuck: number;
  readonly falseAcks: number;
  /** One sentence for each thing that is wrong. */
  readonly findings: readonly string[];
}

/** Compares what a client was promised and what is stored. `seeds` are those of all sessions, to name what bled in. */
export function judge(
  history: SessionHistory,
  stored: StoredSession,
  seeds: readonly number[] = [],
): Verdict {
  const counts = new Tally(history.sessionId);
  judgePromises(history.events, counts);
  judgeEnd(stored, counts);
  const segments = [...stored.segments].sort((a, b) => a.firstSample - b.firstSample);
  for (const segment of segments) judgeSegment(segment, { history, seeds }, counts);
  const end = judgeOrder(segments, counts);
  judgeLength(history, { end, segments }, counts);
  return counts.verdict();
}

/** Sums verdicts. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const sum = (count: (verdict: Verdict) => number): number =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  return {
    samplesLost: sum((verdict) => verdict.samplesLost),
    samplesDoubled: sum((verdict) => verdict.samplesDoubled),
    stuck: sum((verdict) => verdict.stuck),
    falseAcks: sum((verdict) => verdict.falseAcks),
    findings: verdicts.flatMap((verdict) => verdict.findings),
  };
}

class Tally {
  readonly #session: string;
  readonly #findings: string[] = [];
  readonly #counts = { samplesLost: 0, samplesDoubled: 0, stuck: 0, falseAcks: 0 };

  constructor(session: string) {
    this.#session = session;
  }

  add(count: 'samplesLost' | 'samplesDoubled' | 'stuck' | 'falseAcks', by: number, finding: string): void {
    if (by <= 0) return;
    this.#counts[count] += by;
    this.#findings.push(`${this.#session}: ${finding}`);
  }

  verdict(): Verdict {
    return { ...this.#counts, findings: this.#findings };
  }
}

/**
 * Each message against what the client knew. A `ready` is held against what was acknowledged before its connection was
 * begun, since messages of two sockets may overtake each other.
 */
function judgePromises(events: readonly HistoryEvent[], counts: Tally): void {
  const lie = (what: string): void => counts.add('falseAcks', 1, what);
  const lines = new Map<number, { durable: number; epoch: number; own: number; last: number }>();
  let durable = 0;
  let epoch = 0;
  for (const event of events) {
    if (event.kind === 'connecting') lines.set(event.connection, { durable, epoch, own: 0, last: 0 });
    if (event.kind !== 'ready' && event.kind !== 'ack') continue;
    const line = lines.get(event.connection) ?? { durable, epoch, own: 0, last: 0 };
    if (event.kind === 'ready') {
      const { nextSample: next, sent } = event;
      if (next < line.durable) lie(`ready names ${next}, but ${line.durable} was durable`);
      if (next > sent) lie(`ready names ${next}, but only ${sent} were sent`);
      if (event.epoch <= line.epoch) lie(`ready has epoch ${event.epoch} after ${line.epoch}`);
      lines.set(event.connection, { ...line, own: event.epoch });
      epoch = Math.max(epoch, event.epoch);
      durable = Math.max(durable, Math.min(next, sent));
      continue;
    }
    if (event.epoch !== line.own) lie(`an ack has the epoch ${event.epoch} on a line of epoch ${line.own}`);
    if (event.durable < line.last) lie(`durable went back from ${line.last} to ${event.durable}`);
    lines.set(event.connection, { ...line, last: event.durable });
    durable = Math.max(durable, event.durable);
    for (const problem of contradictions(event)) lie(problem);
  }
}

function contradictions({ sent, received, durable, archived }: AckedPositions): string[] {
  return [
    ...(received > sent ? [`received ${received} is beyond what was sent, ${sent}`] : []),
    ...(durable > received ? [`durable ${durable} is beyond received ${received}`] : []),
    ...(archived > durable ? [`archived ${archived} is beyond durable ${durable}`] : []),
  ];
}

function judgeEnd(stored: StoredSession, counts: Tally): void {
  if (stored.status === undefined) counts.add('stuck', 1, 'came to no end');
  else if (stored.status !== 'completed') counts.add('stuck', 1, `ended as ${stored.status}`);
  if (stored.status !== undefined && stored.transcripts !== 1)
    counts.add('stuck', 1, `has ${stored.transcripts} transcripts`);
  counts.add('samplesLost', stored.gapSamples, `owns up to a gap of ${stored.gapSamples} samples`);
}

function judgeSegment(
  segment: StoredSegment,
  { history, seeds }: { history: SessionHistory; seeds: readonly number[] },
  counts: Tally,
): void {
  const range = { fromSample: segment.firstSample, samples: segment.samples.length };
  const difference = findAudioDifference(segment.samples, { seed: history.seed, ...range });
  if (difference === null) return;
  const name = `segment ${segment.index} at ${segment.firstSample}: ${difference.message}`;
  if (difference.kind === 'duplication') counts.add('samplesDoubled', difference.samples, name);
  else if (difference.kind !== 'foreign') counts.add('samplesLost', difference.samples, name);
  else {
    const others = seeds.filter((seed) => seed !== history.seed);
    const source = others.find((seed) => comesFrom(segment.samples.subarray(difference.at), seed));
    const rest = segment.samples.length - difference.at;
    counts.add('samplesLost', rest, name);
    counts.add(
      'samplesDoubled',
      rest,
      source === undefined ? name : `${name}, of the session of seed ${source}`,
    );
  }
}

/** Whether samples are of another session's audio, at the same place. */
function comesFrom(samples: Int16Array, seed: number): boolean {
  const probe = samples.subarray(0, 64);
  const difference = findAudioDifference(probe, { seed, samples: probe.length });
  return difference === null || difference.kind === 'loss';
}

/** Segments must follow one another without holes; answers where the unbroken part ends. */
function judgeOrder(segments: readonly StoredSegment[], counts: Tally): number {
  let end = 0;
  let unbroken = 0;
  for (const { firstSample, samples, index } of segments) {
    const hole = firstSample - end;
    counts.add('samplesLost', hole, `${hole} samples are missing before segment ${index} at ${firstSample}`);
    counts.add('samplesDoubled', -hole, `segment ${index} at ${firstSample} overlaps by ${-hole} samples`);
    end = Math.max(end, firstSample + samples.length);
    if (hole <= 0 && unbroken >= firstSample) unbroken = end;
  }
  return unbroken;
}

/** What was promised must be there, and nothing that was never sent. */
function judgeLength(
  history: SessionHistory,
  { end, segments }: { end: number; segments: readonly StoredSegment[] },
  counts: Tally,
): void {
  const durable = durablePosition(history.events);
  const needed = history.whole ? history.sent : durable;
  const last = segments.at(-1);
  const storedEnd = last === undefined ? 0 : last.firstSample + last.samples.length;
  if (storedEnd < needed)
    counts.add('samplesLost', needed - storedEnd, `ends at ${storedEnd}, ${needed} were due`);
  if (end < durable) counts.add('falseAcks', 1, `${durable} was promised as durable, ${end} is there`);
  if (storedEnd > history.sent)
    counts.add('samplesDoubled', storedEnd - history.sent, `ends at ${storedEnd}, ${history.sent} were sent`);
  for (const event of history.events) {
    if (event.kind !== 'segment') continue;
    const there = segments.some(
      (each) =>
        each.firstSample === event.firstSample &&
        each.samples.length === event.samples &&
        each.sha256 === event.sha256,
    );
    if (!there) counts.add('falseAcks', 1, `the segment told of at ${event.firstSample} is not stored`);
  }
}
