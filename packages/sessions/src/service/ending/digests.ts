import { EarshotError, type SegmentEntry, type TrackDigest } from '@earshot/protocol';
import { createTrackHash } from '../../core/track-hash.ts';
import type { SessionsContext } from '../context.ts';
import type { ManifestDraft } from './draft.ts';

/**
 * The digest of each track of a live session: as a connection told it when its record reaches the track's end,
 * else over the stored segments, one in memory at a time. Undefined where it cannot be told, and for uploads.
 */
export async function digestTracks(
  context: SessionsContext,
  { manifest, streams }: ManifestDraft,
): Promise<TrackDigest[] | undefined> {
  if (manifest.uploads.length > 0) return undefined;
  const told = streams.toSorted((a, b) => b.epoch - a.epoch).flatMap((record) => record.digests ?? []);
  const digests: TrackDigest[] = [];
  for (const { track, receivedSamples } of manifest.coverage) {
    const known = told.find((digest) => digest.track === track && digest.samples === receivedSamples);
    const segments = manifest.segments.filter((segment) => segment.track === track);
    const digest = known ?? (await digestOf(context, segments, receivedSamples));
    if (digest === undefined) return undefined;
    digests.push(digest);
  }
  return digests;
}

async function digestOf(
  context: SessionsContext,
  segments: readonly SegmentEntry[],
  samples: number,
): Promise<TrackDigest | undefined> {
  const hash = createTrackHash();
  for (const segment of segments) {
    try {
      hash.add(segment.firstSample, await context.readObject(segment.key));
    } catch (error) {
      if (error instanceof EarshotError && error.retryable) throw error;
      context.warn('a stored segment cannot be read, so its track has no digest', { error });
      return undefined;
    }
  }
  const [first] = segments;
  return first === undefined ? undefined : { track: first.track, samples, sha256: hash.end(samples) };
}
