import type { SegmentEntry, SegmentResult, TrackName, Utterance } from '@earshot/protocol';

/** Milliseconds of a position, rounded: computed from whole samples, so errors never add up. */
const msOfPosition = (samples: number, sampleRate: number): number =>
  Math.round((samples * 1000) / sampleRate);

/** Where a segment lies on the session's clock, ms. */
export function segmentSpan(entry: SegmentEntry): { startMs: number; endMs: number } {
  return {
    startMs: msOfPosition(entry.firstSample, entry.sampleRate),
    endMs: msOfPosition(entry.firstSample + entry.samples, entry.sampleRate),
  };
}

/** A result's utterances moved from the segment's clock to the session's, kept inside the segment. */
export function onSessionClock(entry: SegmentEntry, result: SegmentResult): Utterance[] {
  const { startMs: offset, endMs } = segmentSpan(entry);
  const move = (ms: number): number => Math.min(offset + Math.round(ms), endMs);
  return result.utterances.map((utterance) => ({
    ...utterance,
    track: entry.track,
    startMs: move(utterance.startMs),
    endMs: move(utterance.endMs),
    words: utterance.words.map((word) => ({ ...word, startMs: move(word.startMs), endMs: move(word.endMs) })),
  }));
}

const TRACK_ORDER: readonly TrackName[] = ['main', 'inbound', 'outbound'];

/** Utterances of all tracks by start time; at the same time by track. */
export function mergeTracks(utterances: readonly Utterance[]): Utterance[] {
  return utterances.toSorted(
    (a, b) => a.startMs - b.startMs || TRACK_ORDER.indexOf(a.track) - TRACK_ORDER.indexOf(b.track),
  );
}
