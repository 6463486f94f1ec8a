/** Times of commits are kept this long, ms. */
const WINDOW_MS = 5000;

/** Keeps how long the journal's commits took lately. */
export interface CommitMeter {
  /** Takes the times of new commits, ms, and answers the median of the last seconds; 0 without any. */
  add(commitMs: readonly number[]): number;
}

export function createCommitMeter(clock: () => number = () => performance.now()): CommitMeter {
  let kept: { readonly at: number; readonly ms: number }[] = [];
  return {
    add(commitMs) {
      const at = clock();
      kept = [...kept.filter((commit) => at - commit.at <= WINDOW_MS), ...commitMs.map((ms) => ({ at, ms }))];
      const sorted = kept.map(({ ms }) => ms).sort((a, b) => a - b);
      return sorted[sorted.length >> 1] ?? 0;
    },
  };
}
