import { Readable } from 'node:stream';
import { mixInto, wavHeader } from '@earshot/audio';
import type { SegmentEntry, TrackName } from '@earshot/protocol';
import type { ByteRange } from '@earshot/runtime';
import { layTimeline, type ObjectStore, readTracks } from '@earshot/storage';

/** What may be asked for: a track, or all of them mixed. */
type RecordingKind = TrackName | 'mixed';

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
    for await (const tracks of readTracks(store, timeline, samples)) {
      const part = mixed(tracks).subarray(skip, skip + left);
      skip = 0;
      left -= part.length;
      yield part;
    }
  }

  return { bytes, kind, read: (range) => Readable.from(content(range), { objectMode: false }) };
}

/** The recording to give when none is named: the only track, else all mixed. */
function defaultKind(segments: readonly SegmentEntry[]): RecordingKind {
  const tracks = new Set(segments.map((segment) => segment.track));
  const [only] = tracks;
  return tracks.size === 1 && only !== undefined ? only : 'mixed';
}

/** PCM16LE bytes of all tracks together. */
function mixed([first, ...others]: readonly Int16Array[]): Uint8Array {
  if (first === undefined) return new Uint8Array(0);
  for (const other of others) mixInto(first, other);
  return new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
}
