import { createHash } from 'node:crypto';
import { wavHeader } from '@earshot/audio';
import type { SegmentEntry, SessionRef, TrackName } from '@earshot/protocol';
import { keys, parseSegmentKey } from '@earshot/storage';
import type { SegmentStore } from '../ports.ts';

/** Bytes in front of the samples of a segment's WAV file. */
export const WAV_HEAD_BYTES = 44;

/** A cut of a track that waits to be stored: positions only, the audio is in the journal. */
export interface PendingSegment {
  readonly track: TrackName;
  readonly sampleRate: number;
  readonly firstSample: number;
  readonly samples: number;
  readonly cut: SegmentEntry['cut'];
  readonly speechRatio: number;
  readonly levelDb: number;
  readonly speech: boolean;
}

/** Where storage puts a segment. */
export interface SegmentPlace {
  readonly index: number;
  readonly firstSample: number;
}

/** The WAV file of a segment's samples, in memory of its length; samples that are there already are left where they lie. */
export function segmentWav(
  sampleRate: number,
  pcm: Uint8Array,
  wav: Uint8Array = new Uint8Array(WAV_HEAD_BYTES + pcm.length),
): Uint8Array {
  wav.set(wavHeader({ sampleRate, samples: pcm.length / 2 }));
  if (pcm.buffer !== wav.buffer) wav.set(pcm, WAV_HEAD_BYTES);
  return wav;
}

/**
 * Writes one segment at its place. The same content there already counts as written, so a repeated attempt is
 * harmless; other content is left alone, and is the answer.
 */
export async function putSegment(
  store: SegmentStore,
  entry: SegmentEntry,
  wav: Uint8Array,
): Promise<Uint8Array | undefined> {
  const options = { createOnly: true, sha256: entry.sha256, contentType: 'audio/wav' };
  if ((await store.put(entry.key, wav, options)) === 'created') return undefined;
  const standing = await store.get(entry.key);
  return sha256Of(standing) === entry.sha256 ? undefined : standing;
}

/** The entry of a segment at a place. */
export function entryAt(
  ref: SessionRef,
  segment: PendingSegment,
  { place, wav }: { place: SegmentPlace; wav: Uint8Array },
): SegmentEntry {
  const { track } = segment;
  return { ...segment, ...place, sha256: sha256Of(wav), key: keys.segment(ref, { track, ...place }) };
}

/** The first index and position of a track behind everything that storage holds of it. */
export async function placeBehind(
  store: SegmentStore,
  ref: SessionRef,
  track: TrackName,
): Promise<SegmentPlace> {
  let index = 0;
  let firstSample = 0;
  for await (const object of store.listAll(`${keys.segments(ref)}${track}/`)) {
    const place = parseSegmentKey(object.key);
    if (place === null) continue;
    index = Math.max(index, place.index + 1);
    firstSample = Math.max(firstSample, place.firstSample + (object.bytes - WAV_HEAD_BYTES) / 2);
  }
  return { index, firstSample };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
