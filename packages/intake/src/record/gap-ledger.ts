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
    const moved = this.#gaps.flatMap((gap) => moveGap(gap, relocations));
    return moved.sort((a, b) => a.track.localeCompare(b.track) || a.from - b.from);
  }
}

/** A gap in the pieces that a relocation cuts it into, each where it lies in storage. */
function moveGap(gap: Gap, relocations: readonly Relocation[]): Gap[] {
  const own = relocations.filter(({ track }) => track === gap.track);
  const inside = own.map(({ from }) => from).filter((from) => from > gap.from && from < gap.to);
  const edges = [gap.from, ...new Set(inside.sort((a, b) => a - b)), gap.to];
  return edges.slice(1).map((to, index) => {
    const from = edges[index] ?? gap.from;
    const shift = own.findLast((relocation) => relocation.from <= from)?.shift ?? 0;
    return { ...gap, from: from + shift, to: to + shift };
  });
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
