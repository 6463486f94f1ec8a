import { EarshotError, type SegmentEntry } from '@earshot/protocol';
import type { ObjectStore } from '../port/object-store.ts';
import type { Timeline } from './timeline.ts';

const WAV_HEADER_BYTES = 44;
/** Samples handled at a time: a quarter of a megabyte. */
const BLOCK_SAMPLES = 131_072;

/** A half-open range of samples. */
export interface SampleRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The samples of a range of the timeline, block by block: one array a track, all of one length, the receiver's to
 * change; constant memory. Throws `internal_error` when a segment is shorter than its entry says.
 */
export async function* readTracks(
  store: ObjectStore,
  timeline: Timeline,
  range: SampleRange = { from: 0, to: timeline.samples },
): AsyncGenerator<Int16Array[]> {
  for (let from = range.from; from < range.to; from += BLOCK_SAMPLES) {
    const block = { from, to: Math.min(range.to, from + BLOCK_SAMPLES) };
    yield await Promise.all(timeline.tracks.map((track) => readBlock(store, track, block)));
  }
}

/** One track's samples of a block; what no segment holds is silence. */
async function readBlock(
  store: ObjectStore,
  track: readonly SegmentEntry[],
  block: SampleRange,
): Promise<Int16Array> {
  const out = new Uint8Array((block.to - block.from) * 2);
  for (const segment of track) {
    const from = Math.max(block.from, segment.firstSample);
    const to = Math.min(block.to, segment.firstSample + segment.samples);
    if (from >= to) continue;
    const start = WAV_HEADER_BYTES + (from - segment.firstSample) * 2;
    const range = { start, end: start + (to - from) * 2 };
    let at = (from - block.from) * 2;
    const end = (to - block.from) * 2;
    for await (const chunk of await store.read(segment.key, range)) {
      const bytes = chunk as Uint8Array;
      out.set(bytes, at);
      at += bytes.length;
    }
    if (at !== end) throw tooShort(segment);
  }
  return new Int16Array(out.buffer);
}

function tooShort(segment: SegmentEntry): EarshotError {
  return new EarshotError('internal_error', {
    message: 'A stored segment is shorter than its entry says.',
    details: { key: segment.key },
  });
}
