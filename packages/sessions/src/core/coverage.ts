import type { Gap, SegmentEntry, TrackCoverage, TrackName } from '@earshot/protocol';

/** The ledger of a set of segments: received = stored + gaps, per track, in samples; received is where the track ends. */
export function coverageOf(segments: readonly SegmentEntry[], gaps: readonly Gap[]): TrackCoverage[] {
  const tracks = new Map<TrackName, { sampleRate: number; total: number }>();
  for (const segment of segments) {
    const track = tracks.get(segment.track) ?? { sampleRate: segment.sampleRate, total: 0 };
    const end = segment.firstSample + segment.samples;
    tracks.set(segment.track, { ...track, total: Math.max(track.total, end) });
  }
  return [...tracks].map(([track, { sampleRate, total }]) => {
    const gapSamples = gaps
      .filter((gap) => gap.track === track)
      .reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const storedSamples = Math.max(0, total - gapSamples);
    return {
      track,
      sampleRate,
      receivedSamples: total,
      storedSamples,
      gapSamples,
      seconds: total / sampleRate,
      ratio: total === 0 ? 1 : storedSamples / total,
    };
  });
}

/** Where each track stands: what a new connection continues from. */
export interface TrackPosition {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly nextSample: number;
  readonly nextIndex: number;
}

/** The next free position and index of every track that has segments. */
export function positionsOf(segments: readonly SegmentEntry[]): TrackPosition[] {
  const positions = new Map<TrackName, TrackPosition>();
  for (const { track, sampleRate, firstSample, samples, index } of segments) {
    const known = positions.get(track);
    positions.set(track, {
      track,
      sampleRate,
      nextSample: Math.max(known?.nextSample ?? 0, firstSample + samples),
      nextIndex: Math.max(known?.nextIndex ?? 0, index + 1),
    });
  }
  return [...positions.values()];
}

/** Ranges between segments that no segment holds: audio that was lost with its node. */
export function holesOf(segments: readonly SegmentEntry[]): Gap[] {
  const holes: Gap[] = [];
  const next = new Map<TrackName, number>();
  for (const segment of [...segments].sort((a, b) => a.firstSample - b.firstSample)) {
    const expected = next.get(segment.track) ?? 0;
    if (segment.firstSample > expected) {
      holes.push({ track: segment.track, from: expected, to: segment.firstSample, reason: 'interrupted' });
    }
    next.set(segment.track, Math.max(expected, segment.firstSample + segment.samples));
  }
  return holes;
}
