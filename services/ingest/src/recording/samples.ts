import type { SegmentEntry } from '@earshot/protocol';
import type { ObjectStore } from '@earshot/storage';
import type { Timeline } from './timeline.ts';

const WAV_HEADER_BYTES = 44;
/** Samples handled at a time: a quarter of a megabyte. */
const BLOCK_SAMPLES = 131_072;

/** A half-open range of samples. */
export interface SampleRange {
  readonly from: number;
  readonly to: number;
}

/** PCM16LE bytes of a range of the recording, mixed where there are several tracks; constant memory. */
export async function* readSamples(
  store: ObjectStore,
  timeline: Timeline,
  range: SampleRange,
): AsyncGenerator<Uint8Array> {
  for (let from = range.from; from < range.to; from += BLOCK_SAMPLES) {
    const block = { from, to: Math.min(range.to, from + BLOCK_SAMPLES) };
    const tracks = await Promise.all(timeline.tracks.map((track) => readBlock(store, track, block)));
    const [first, ...others] = tracks;
    if (first === undefined) return;
    for (const other of others) mixInto(first, other);
    yield new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
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
    let at = (from - block.from) * 2;
    for await (const chunk of await store.read(segment.key, { start, end: start + (to - from) * 2 })) {
      const bytes = chunk as Uint8Array;
      out.set(bytes, at);
      at += bytes.length;
    }
  }
  return new Int16Array(out.buffer);
}

/** Adds a track, clipping at full scale. */
function mixInto(target: Int16Array, other: Int16Array): void {
  for (let i = 0; i < target.length; i++) {
    const sum = (target[i] ?? 0) + (other[i] ?? 0);
    target[i] = clip(sum);
  }
}

function clip(sum: number): number {
  return Math.max(-32_768, Math.min(32_767, sum));
}
