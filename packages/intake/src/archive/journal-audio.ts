import { JournalDamaged, type JournalStream } from '@earshot/journal';
import type { TrackName } from '@earshot/protocol';

/** Audio read back from the journal, with silence where it could not be read. */
export interface JournalAudio {
  readonly pcm: Uint8Array;
  readonly damaged: readonly { readonly from: number; readonly to: number }[];
}

const BYTES_PER_SAMPLE = 2;

/** PCM16LE of [from, to) of a track. Samples that fail their checksum are silence and are named. */
export async function readAudio(
  stream: JournalStream,
  track: TrackName,
  { from, to }: { from: number; to: number },
): Promise<JournalAudio> {
  try {
    return { pcm: await stream.read(track, from, to), damaged: [] };
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error;
    const damaged = error.ranges
      .filter((range) => range.track === track && range.to > from && range.from < to)
      .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
      .sort((a, b) => a.from - b.from);
    if (damaged.length === 0) throw error;
    return { pcm: await readAround(stream, track, { from, to, damaged }), damaged };
  }
}

async function readAround(
  stream: JournalStream,
  track: TrackName,
  { from, to, damaged }: { from: number; to: number; damaged: JournalAudio['damaged'] },
): Promise<Uint8Array> {
  const pcm = new Uint8Array((to - from) * BYTES_PER_SAMPLE);
  let at = from;
  for (const hole of [...damaged, { from: to, to }]) {
    if (hole.from > at) pcm.set(await stream.read(track, at, hole.from), (at - from) * BYTES_PER_SAMPLE);
    at = Math.max(at, hole.to);
  }
  return pcm;
}
