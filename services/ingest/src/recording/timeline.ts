import { EarshotError, type SegmentEntry, type TrackName } from '@earshot/protocol';

/** One continuous recording of a session: segments laid on a sample clock, holes between them as silence. */
export interface Timeline {
  readonly sampleRate: number;
  /** Length of the recording in samples. */
  readonly samples: number;
  /** Segments per track, in time order. */
  readonly tracks: readonly (readonly SegmentEntry[])[];
}

/** What may be asked for: a track, or all of them mixed. */
export type RecordingKind = TrackName | 'mixed';

/**
 * Lays the segments of one track, or of all, on a common clock. Errors: `audio_not_available` when there is
 * no such audio, `invalid_request` when tracks of different rates were to be mixed.
 */
export function layTimeline(segments: readonly SegmentEntry[], kind: RecordingKind): Timeline {
  const chosen = kind === 'mixed' ? segments : segments.filter((segment) => segment.track === kind);
  const first = chosen[0];
  if (first === undefined) throw new EarshotError('audio_not_available');
  if (chosen.some((segment) => segment.sampleRate !== first.sampleRate)) {
    throw new EarshotError('invalid_request', {
      message: 'The tracks of this session have different sample rates: ask for one with ?track=.',
    });
  }
  const tracks = new Map<TrackName, SegmentEntry[]>();
  for (const segment of chosen) tracks.set(segment.track, [...(tracks.get(segment.track) ?? []), segment]);
  return {
    sampleRate: first.sampleRate,
    samples: chosen.reduce((end, segment) => Math.max(end, segment.firstSample + segment.samples), 0),
    tracks: [...tracks.values()].map((track) => track.sort((a, b) => a.firstSample - b.firstSample)),
  };
}

/** The recording to give when none is named: the only track, else all mixed. */
export function defaultKind(segments: readonly SegmentEntry[]): RecordingKind {
  const tracks = new Set(segments.map((segment) => segment.track));
  const [only] = tracks;
  return tracks.size === 1 && only !== undefined ? only : 'mixed';
}
