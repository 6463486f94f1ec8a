import { EarshotError, type Gap, type TrackName } from '@earshot/protocol';
import type { Relocation } from '../archive/segment-lane.ts';

/** The gaps of a session on one node, in order of time on each track, never overlapping. */
export class GapLedger {
  readonly #gaps: Gap[] = [];
  readonly #limit: number;

  constructor(limit: number, known: readonly Gap[] = []) {
    this.#limit = limit;
    for (const gap of known) this.add(gap);
  }

  get count(): number {
    return this.#gaps.length;
  }

  /** Notes samples that came as silence; neighbours of one reason become one gap. */
  add(gap: Gap): void {
    const last = this.#gaps.findLast((other) => other.track === gap.track);
    if (last?.to === gap.from && last.reason === gap.reason) {
      last.to = gap.to;
      return;
    }
    if (this.#gaps.length >= this.#limit) {
      throw new EarshotError('protocol_violation', { message: 'The stream has too many gaps.' });
    }
    this.#gaps.push({ ...gap });
  }

  /** Notes samples that were taken and could not be read back; what was a gap before stays what it was. */
  damage(range: { track: TrackName; from: number; to: number }): void {
    this.#gaps.push(...subtract(range, this.#gaps).map((rest) => ({ ...rest, reason: 'corrupt' as const })));
  }

  /** As they are, in the journal's positions. */
  all(): readonly Gap[] {
    return this.#gaps;
  }

  /** All gaps where they lie on the stored track. */
  placed(relocations: readonly Relocation[]): Gap[] {
    const moved = this.#gaps.map((gap) => {
      const shift = relocations.findLast((to) => to.track === gap.track && to.from <= gap.from)?.shift ?? 0;
      return { ...gap, from: gap.from + shift, to: gap.to + shift };
    });
    return moved.sort((a, b) => a.track.localeCompare(b.track) || a.from - b.from);
  }
}

type Range = Omit<Gap, 'reason'>;

/** What is left of `range` outside the gaps of its track. */
function subtract(range: Range, gaps: readonly Gap[]): Range[] {
  const left: Range[] = [];
  let from = range.from;
  const own = gaps.filter((gap) => gap.track === range.track).sort((a, b) => a.from - b.from);
  for (const gap of own) {
    if (gap.to <= from || gap.from >= range.to) continue;
    if (gap.from > from) left.push({ track: range.track, from, to: gap.from });
    from = gap.to;
  }
  if (from < range.to) left.push({ track: range.track, from, to: range.to });
  return left;
}
