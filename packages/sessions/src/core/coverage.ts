import type { Gap, SegmentEntry, TrackCoverage, TrackName } from '@earshot/protocol';

/** Where a track stands: its rate and the position behind everything that is known of it. */
interface TrackEnd {
  readonly sampleRate: number;
  readonly end: number;
  readonly nextIndex: number;
}

/** A dropped tail lies in no segment, so gaps count as well as segments. */
function trackEnds(
  segments: readonly SegmentEntry[],
  gaps: readonly Gap[],
  rates: readonly TrackRate[] = [],
): Map<TrackName, TrackEnd> {
  const ends = new Map<TrackName, TrackEnd>(
    rates
      .filter(({ track }) => gaps.some((gap) => gap.track === track))
      .map(({ track, sampleRate }) => [track, { sampleRate, end: 0, nextIndex: 0 }]),
  );
  for (const { track, sampleRate, firstSample, samples, index } of segments) {
    const known = ends.get(track);
    ends.set(track, {
      sampleRate,
      end: Math.max(known?.end ?? 0, firstSample + samples),
      nextIndex: Math.max(known?.nextIndex ?? 0, index + 1),
    });
  }
  for (const gap of gaps) {
    const known = ends.get(gap.track);
    if (known !== undefined) ends.set(gap.track, { ...known, end: Math.max(known.end, gap.to) });
  }
  return ends;
}

/** The rate of a track that may hold nothing but gaps. */
type TrackRate = Pick<TrackCoverage, 'track' | 'sampleRate'>;

/**
 * The ledger per track, in samples: received = stored + gaps; received is where the track ends. A sample that two
 * gaps name counts once.
 */
export function coverageOf(
  segments: readonly SegmentEntry[],
  gaps: readonly Gap[],
  rates: readonly TrackRate[] = [],
): TrackCoverage[] {
  return [...trackEnds(segments, gaps, rates)].map(([track, { sampleRate, end }]) => {
    const gapSamples = unionOf(gaps.filter((gap) => gap.track === track));
    const storedSamples = end - gapSamples;
    return {
      track,
      sampleRate,
      receivedSamples: end,
      storedSamples,
      gapSamples,
      seconds: end / sampleRate,
      ratio: end === 0 ? 1 : storedSamples / end,
    };
  });
}

/** Samples that lie in at least one of the ranges. */
function unionOf(ranges: readonly Pick<Gap, 'from' | 'to'>[]): number {
  let [samples, end] = [0, 0];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    samples += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return samples;
}

/** Where each track stands: what a new connection continues from. */
export interface TrackPosition {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly nextSample: number;
  readonly nextIndex: number;
}

/** The next free position and index of every track that has segments. */
export function positionsOf(segments: readonly SegmentEntry[], gaps: readonly Gap[] = []): TrackPosition[] {
  return [...trackEnds(segments, gaps)].map(([track, { sampleRate, end, nextIndex }]) => ({
    track,
    sampleRate,
    nextSample: end,
    nextIndex,
  }));
}

/** Ranges that neither a segment nor a known gap holds: audio that was lost with its node. */
export function holesOf(segments: readonly SegmentEntry[], gaps: readonly Gap[]): Gap[] {
  const ranges = [
    ...segments.map(({ track, firstSample, samples }) => ({
      track,
      from: firstSample,
      to: firstSample + samples,
    })),
    ...gaps,
  ];
  const holes: Gap[] = [];
  const next = new Map<TrackName, number>();
  for (const { track, from, to } of ranges.sort((a, b) => a.from - b.from)) {
    const expected = next.get(track) ?? 0;
    if (from > expected) holes.push({ track, from: expected, to: from, reason: 'interrupted' });
    next.set(track, Math.max(expected, to));
  }
  return holes;
}

/**
 * Gaps without what is stored after all: audio that was taken for lost with its node, and came back with it. Gaps of
 * other reasons are silence inside segments.
 */
export function withoutStored(gaps: readonly Gap[], segments: readonly SegmentEntry[]): Gap[] {
  return gaps.flatMap((gap) => {
    if (gap.reason !== 'interrupted') return [gap];
    let rest = [gap];
    for (const { track, firstSample, samples } of segments) {
      if (track === gap.track)
        rest = rest.flatMap((piece) => outside(piece, firstSample, firstSample + samples));
    }
    return rest;
  });
}

/**
 * Gaps that lie on no other one. Two nodes may both have been told that a sender has nothing below a position any more;
 * what both name is listed once, with the reason of the one that begins first.
 */
export function withoutOverlap(gaps: readonly Gap[]): Gap[] {
  const ends = new Map<TrackName, number>();
  return gaps
    .toSorted((a, b) => a.track.localeCompare(b.track) || a.from - b.from || b.to - a.to)
    .flatMap((gap) => {
      const end = ends.get(gap.track) ?? 0;
      ends.set(gap.track, Math.max(end, gap.to));
      if (gap.from >= end) return [gap];
      return gap.to > end ? [{ ...gap, from: end }] : [];
    });
}

function outside(gap: Gap, from: number, to: number): Gap[] {
  if (to <= gap.from || from >= gap.to) return [gap];
  const before = { ...gap, to: from };
  const behind = { ...gap, from: to };
  return [before, behind].filter((piece) => piece.from < piece.to);
}
