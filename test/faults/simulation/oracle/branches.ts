/** Rare branches that runs must reach, or the simulator proves nothing about them. */
export const BRANCHES = [
  'torn tail cut off at recovery',
  'killed during recovery',
  'killed by power cut',
  'killed as a process',
  'resumed on the same node',
  'resumed after recovery',
  'taken over by another node',
  'late frame of an older connection refused',
  'two connections at once',
  'half-open connection',
  'archive write tried again',
  'archive answer lost after it took effect',
  'object store away',
  'index away',
  'index emptied',
  'index rolled back',
  'disk full and healed',
  'failed sync ended the process',
  'short write',
  'drained by a signal',
  'wall clock jumped',
  'disk destroyed',
  'End while the stream was live',
  'End repeated',
  'End on another node than the stream',
  'End refused for now and tried again',
  'session erased while live',
  'plain client reconnected',
  'offset refused over HTTP',
  'session ended with a gap',
  'session ended without a gap',
] as const;
export type Branch = (typeof BRANCHES)[number];

/** Counts in how many runs each branch was reached. */
export class BranchCounts {
  readonly #runs = new Map<Branch, number>();
  runs = 0;

  add(reached: Iterable<Branch>): void {
    this.runs += 1;
    for (const branch of reached) this.#runs.set(branch, (this.#runs.get(branch) ?? 0) + 1);
  }

  merge(counts: Readonly<Record<string, number>>, runs: number): void {
    this.runs += runs;
    for (const branch of BRANCHES)
      this.#runs.set(branch, (this.#runs.get(branch) ?? 0) + (counts[branch] ?? 0));
  }

  record(): Record<string, number> {
    return Object.fromEntries(BRANCHES.map((branch) => [branch, this.#runs.get(branch) ?? 0]));
  }

  missing(): Branch[] {
    return BRANCHES.filter((branch) => (this.#runs.get(branch) ?? 0) === 0);
  }
}
