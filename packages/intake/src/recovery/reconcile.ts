import type { JournalRange, JournalStream } from '@earshot/journal';
import type { SegmentEntry } from '@earshot/protocol';
import { readAudio } from '../archive/journal-audio.ts';
import type { IntakeContext } from '../context.ts';

const WAV_HEAD_BYTES = 44;

/** Where a recovered track goes on. */
export interface Continuation {
  /** Below this position storage holds the same audio. */
  readonly from: number;
  /** From this position on storage has the same audio again, by a node that went on meanwhile. */
  readonly to: number;
  /** Samples that the rest has to move, since storage holds other audio in its place. */
  readonly shift: number;
}

/**
 * Compares what the journal holds of a track with what storage holds there. A crash between a segment's
 * storing and its release leaves the same audio in both; a node that was thought dead leaves other audio.
 */
export async function reconcile(
  context: Pick<IntakeContext, 'store'>,
  comparison: {
    readonly stream: JournalStream;
    readonly held: JournalRange;
    readonly stored: readonly SegmentEntry[];
    readonly attempt: number;
  },
): Promise<Continuation> {
  const { held, stored } = comparison;
  let { from } = held;
  const inOrder = [...stored].sort((a, b) => a.firstSample - b.firstSample);
  for (const segment of inOrder) {
    const end = segment.firstSample + segment.samples;
    if (end <= from || segment.firstSample >= held.to) continue;
    if (!(await isSame(context, { ...comparison, segment }))) {
      return { from, to: held.to, shift: Math.max(0, endOf(stored) - from) };
    }
    if (segment.firstSample > from) return { from, to: segment.firstSample, shift: 0 };
    from = Math.min(end, held.to);
  }
  return { from, to: held.to, shift: 0 };
}

function endOf(stored: readonly SegmentEntry[]): number {
  return stored.reduce((end, segment) => Math.max(end, segment.firstSample + segment.samples), 0);
}

async function isSame(
  { store }: Pick<IntakeContext, 'store'>,
  {
    stream,
    held,
    segment,
    attempt,
  }: { stream: JournalStream; held: JournalRange; segment: SegmentEntry; attempt: number },
): Promise<boolean> {
  const from = Math.max(held.from, segment.firstSample);
  const to = Math.min(held.to, segment.firstSample + segment.samples);
  const wav = await store.get(segment.key);
  const { pcm } = await readAudio(stream, held.track, { from, to, attempt });
  const start = WAV_HEAD_BYTES + (from - segment.firstSample) * 2;
  return Buffer.compare(wav.subarray(start, start + pcm.length), pcm) === 0;
}
