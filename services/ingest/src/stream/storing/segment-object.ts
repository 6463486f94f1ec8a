import { createHash } from 'node:crypto';
import { type CutSegment, encodeWav } from '@earshot/audio';
import type { SegmentEntry, SessionRef, TrackName } from '@earshot/protocol';
import { keys, parseSegmentKey } from '@earshot/storage';
import type { SegmentStore } from '../context/ports.ts';

const WAV_HEAD_BYTES = 44;

/** A segment on its way to storage: all but its place, which storage may have to change. */
export interface PendingSegment {
  readonly about: Omit<SegmentEntry, 'index' | 'key'>;
  readonly wav: Uint8Array;
}

/** Turns a cut into the object to store. `base` is the track's position when the connection began. */
export function pendingSegment(
  line: { readonly track: TrackName; readonly sampleRate: number; readonly base: number },
  cut: CutSegment,
): PendingSegment {
  const wav = encodeWav(cut.samples, line.sampleRate);
  return {
    wav,
    about: {
      track: line.track,
      sampleRate: line.sampleRate,
      firstSample: line.base + cut.firstSample,
      samples: cut.samples.length,
      sha256: sha256Of(wav),
      cut: cut.cut,
      speechRatio: cut.speechRatio,
      levelDb: cut.levelDb,
      speech: cut.speech,
    },
  };
}

/**
 * Writes one segment at its place; true when it is there. The same content there already counts as written,
 * so a repeated attempt is harmless; other content is left alone, and the answer is false.
 */
export async function putSegment(
  store: SegmentStore,
  entry: SegmentEntry,
  wav: Uint8Array,
): Promise<boolean> {
  const options = { createOnly: true, sha256: entry.sha256, contentType: 'audio/wav' };
  if ((await store.put(entry.key, wav, options)) === 'created') return true;
  return sha256Of(await store.get(entry.key)) === entry.sha256;
}

/** The entry of a segment at a place. */
export function entryAt(
  ref: SessionRef,
  { about }: PendingSegment,
  place: { readonly index: number; readonly firstSample: number },
): SegmentEntry {
  return { ...about, ...place, key: keys.segment(ref, { track: about.track, ...place }) };
}

/** The first index and position of a track behind everything that storage holds of it. */
export async function placeBehind(
  store: SegmentStore,
  ref: SessionRef,
  track: TrackName,
): Promise<{ index: number; firstSample: number }> {
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
