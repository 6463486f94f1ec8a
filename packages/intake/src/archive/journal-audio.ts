import { JournalDamaged, type JournalStream } from '@earshot/journal';
import type { TrackName } from '@earshot/protocol';

/** Audio read back from the journal, with silence where it could not be read. */
export interface JournalAudio {
  readonly pcm: Uint8Array;
  readonly damaged: readonly { readonly from: number; readonly to: number }[];
}

const BYTES_PER_SAMPLE = 2;
/** Nothing smaller is given up on by itself, samples. */
const LEAST_SAMPLES = 1024;

/** Failed reads after which a disk is taken for broken at that place. */
const PATIENCE = 5;

/**
 * PCM16LE of [from, to) of a track. Samples that fail their checksum are silence and are named; a read that the
 * system refuses rejects, and only after several attempts counts as damage too. Sound audio is read into `memory`, which is
 * as long.
 */
export async function readAudio(
  stream: JournalStream,
  track: TrackName,
  range: { from: number; to: number; attempt?: number; memory?: Uint8Array },
): Promise<JournalAudio> {
  const { from, to, attempt = 1, memory = new Uint8Array((to - from) * BYTES_PER_SAMPLE) } = range;
  try {
    await stream.readInto(track, from, memory);
    return { pcm: memory, damaged: [] };
  } catch (error) {
    if (!(error instanceof JournalDamaged)) {
      if (attempt <= PATIENCE) throw error;
      return await readHalves(stream, track, { from, to, attempt });
    }
    const damaged = error.ranges
      .filter((range) => range.track === track && range.to > from && range.from < to)
      .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
      .sort((a, b) => a.from - b.from);
    if (damaged.length === 0) throw error;
    return { pcm: await readAround(stream, track, { from, to, damaged }), damaged };
  }
}

/** Reads what can be read of a range that the disk refuses as a whole. */
async function readHalves(
  stream: JournalStream,
  track: TrackName,
  { from, to, attempt }: { from: number; to: number; attempt: number },
): Promise<JournalAudio> {
  if (to - from <= LEAST_SAMPLES) {
    return { pcm: new Uint8Array((to - from) * BYTES_PER_SAMPLE), damaged: [{ from, to }] };
  }
  const middle = Math.floor((from + to) / 2);
  const left = await readAudio(stream, track, { from, to: middle, attempt });
  const right = await readAudio(stream, track, { from: middle, to, attempt });
  return { pcm: Buffer.concat([left.pcm, right.pcm]), damaged: [...left.damaged, ...right.damaged] };
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
