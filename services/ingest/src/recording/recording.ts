import { Readable } from 'node:stream';
import { wavHeader } from '@earshot/audio';
import type { SegmentEntry } from '@earshot/protocol';
import type { ObjectStore } from '@earshot/storage';
import type { ByteRange } from './byte-range.ts';
import { readSamples } from './samples.ts';
import { defaultKind, layTimeline, type RecordingKind } from './timeline.ts';

/** One WAV file over all segments, built as it is read. */
export interface Recording {
  readonly bytes: number;
  readonly kind: RecordingKind;
  /** Streams a range of the file. */
  read(range: ByteRange): Readable;
}

/** Opens the combined recording of a session; errors as `layTimeline`. */
export function openRecording(
  store: ObjectStore,
  segments: readonly SegmentEntry[],
  kind: RecordingKind = defaultKind(segments),
): Recording {
  const timeline = layTimeline(segments, kind);
  const header = wavHeader({ sampleRate: timeline.sampleRate, samples: timeline.samples });
  const bytes = header.length + timeline.samples * 2;

  async function* content(range: ByteRange): AsyncGenerator<Uint8Array> {
    if (range.start < header.length) yield header.subarray(range.start, Math.min(range.end, header.length));
    const start = Math.max(0, range.start - header.length);
    const end = range.end - header.length;
    if (end <= start) return;
    let skip = start % 2;
    let left = end - start;
    const samples = { from: (start - skip) / 2, to: Math.ceil(end / 2) };
    for await (const block of readSamples(store, timeline, samples)) {
      const part = block.subarray(skip, skip + left);
      skip = 0;
      left -= part.length;
      yield part;
    }
  }

  return { bytes, kind, read: (range) => Readable.from(content(range), { objectMode: false }) };
}
