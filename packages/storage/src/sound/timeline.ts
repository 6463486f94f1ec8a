import { EarshotError, type SegmentEntry, type TrackName } from '@earshot/protocol';

/** One continuous recording of a session: segments laid on a sample clock, holes between them as silence. */
export interface Timeline {
  readonly sampleRate: number;
  /** Length of the recording in samples; every track has it, with silence behind its last segment. */
  readonly samples: number;
  /** Segments per track, in time order. */
  readonly tracks: readonly (readonly SegmentEntry[])[];
}

/**
 * Lays the segments of one track, or of all, on a common clock. Errors: `audio_not_available` when there is
 * no such audio, `invalid_request` when tracks of different rates were to be mixed.
 */
export function layTimeline(segments: readonly SegmentEntry[], kind: TrackName | 'mixed'): Timeline {
  const chosen = kind === 'mixed' ? segments : segments.filter((segment) => segment.track === kind);
  const tracks = new Set(chosen.map((segment) => segment.track));
  return layTracks(chosen, [...tracks]);
}

/** Lays tracks on a common clock, in the order named; one without segments is silence. Errors as `layTimeline`. */
export function layTracks(segments: readonly SegmentEntry[], names: readonly TrackName[]): Timeline {
  const chosen = segments.filter((segment) => names.includes(segment.track));
  const first = chosen[0];
  if (first === undefined) throw new EarshotError('audio_not_available');
  if (chosen.some((segment) => segment.sampleRate !== first.sampleRate)) {
    throw new EarshotError('invalid_request', {
      message: 'The tracks of this session have different sample rates: ask for one with ?track=.',
    });
  }
  return {
    sampleRate: first.sampleRate,
    samples: chosen.reduce((end, segment) => Math.max(end, segment.firstSample + segment.samples), 0),
    tracks: names.map((name) =>
      chosen.filter((segment) => segment.track === name).toSorted((a, b) => a.firstSample - b.firstSample),
    ),
  };
}
