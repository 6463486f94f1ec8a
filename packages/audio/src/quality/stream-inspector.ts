import type { ProcessingIssue } from '@earshot/protocol';
import { createTrackInspector, type TrackFacts, type TrackInspector } from './track-inspector.ts';

/** A piece of one of the tracks. */
export interface InspectedFrame {
  readonly track: string;
  /** Hz; that of the track's first frame counts. */
  readonly sampleRate: number;
  readonly samples: Int16Array;
  /** Position of its first sample; that of the track's first frame counts, 0 by default. */
  readonly firstSample?: number;
}

/** Listens to all tracks of a stream. */
export interface StreamInspector {
  /** Takes a frame as it comes and gives the warnings that are new; the facts are those of its track. */
  push(frame: InspectedFrame, facts: TrackFacts): ProcessingIssue[];
  /** Takes how many samples of a track are known to be missing before those that come next. */
  gap(track: string, samples: number): void;
}

/**
 * Creates an inspector that makes one for each track. With several tracks, digital silence is told only of one that
 * is silent while another is not, since two who are muted are just quiet.
 */
export function createStreamInspector(): StreamInspector {
  const tracks = new Map<string, TrackInspector>();
  const heardBesides = (track: string, sinceMs: number): boolean => {
    if (tracks.size === 1) return true;
    for (const [name, inspector] of tracks)
      if (name !== track && inspector.lastSoundMs >= sinceMs) return true;
    return false;
  };
  const inspectorOf = ({ track, sampleRate, firstSample = 0 }: InspectedFrame): TrackInspector => {
    const heardElsewhere = (sinceMs: number): boolean => heardBesides(track, sinceMs);
    const known =
      tracks.get(track) ?? createTrackInspector({ track, sampleRate, origin: firstSample, heardElsewhere });
    tracks.set(track, known);
    return known;
  };
  return {
    push: (frame, facts) => inspectorOf(frame).push(frame.samples, facts),
    gap: (track, samples) => tracks.get(track)?.gap(samples),
  };
}
