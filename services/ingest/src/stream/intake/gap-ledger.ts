import { EarshotError, type Gap } from '@earshot/protocol';
import type { Relocation } from '../storing/segment-lane.ts';
import type { SampleRange } from '../storing/segment-queue.ts';

/** The gaps of one connection, in order of time on each track, never overlapping. */
export class GapLedger {
  readonly #filled: Gap[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Notes samples that were filled with silence; neighbours of one reason become one gap. */
  fill(gap: Gap): void {
    const last = this.#filled.findLast((other) => other.track === gap.track);
    if (last?.to === gap.from && last.reason === gap.reason) {
      last.to = gap.to;
      return;
    }
    if (this.#filled.length >= this.#limit) {
      throw new EarshotError('protocol_violation', { message: 'The stream has too many gaps.' });
    }
    this.#filled.push({ ...gap });
  }

  /**
   * All gaps where they lie on the track, with the ranges that could not be stored; where both meet the
   * earlier reason stays.
   */
  placed(dropped: readonly SampleRange[], relocations: readonly Relocation[]): Gap[] {
    const gaps = [...this.#filled];
    for (const range of dropped) {
      for (const rest of subtract(range, this.#filled)) gaps.push({ ...rest, reason: 'dropped' });
    }
    const moved = gaps.map((gap) => {
      const shift = relocations.findLast((to) => to.track === gap.track && to.from <= gap.from)?.shift ?? 0;
      return { ...gap, from: gap.from + shift, to: gap.to + shift };
    });
    return moved.sort((a, b) => a.track.localeCompare(b.track) || a.from - b.from);
  }
}

/** What is left of `range` outside the gaps of its track. */
function subtract(range: SampleRange, gaps: readonly Gap[]): SampleRange[] {
  const left: SampleRange[] = [];
  let from = range.from;
  for (const gap of gaps) {
    if (gap.track !== range.track || gap.to <= from || gap.from >= range.to) continue;
    if (gap.from > from) left.push({ track: range.track, from, to: gap.from });
    from = gap.to;
  }
  if (from < range.to) left.push({ track: range.track, from, to: range.to });
  return left;
}
