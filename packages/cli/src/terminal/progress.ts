/** What a progress line shows. */
export interface ProgressState {
  readonly label: string;
  /** 0 to 1, or undefined when the end is not known. */
  readonly ratio: number | undefined;
  readonly detail: string;
}

/** Where progress is drawn; only a terminal gets it. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A line that is drawn over itself while something goes on. */
export interface Progress {
  show(state: ProgressState): void;
  /** Removes the line, so that other output starts on a clean one. */
  clear(): void;
}

const BAR_CELLS = 24;
const ERASE_LINE = '\r\u001b[2K';

/** Draws on a terminal and nowhere else. */
export function createProgress(target: ProgressTarget): Progress {
  if (target.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let drawn = false;
  return {
    show(state) {
      drawn = true;
      target.write(ERASE_LINE + progressLine(state, target.columns ?? 80));
    },
    clear() {
      if (drawn) target.write(ERASE_LINE);
      drawn = false;
    },
  };
}

/** One line of at most `columns` characters: label, bar, percent, detail. */
export function progressLine(state: ProgressState, columns: number): string {
  const { label, ratio, detail } = state;
  const known = ratio === undefined ? '' : ` ${bar(ratio)} ${Math.floor(within(ratio) * 100)}%`;
  return `${label}${known} ${detail}`.trimEnd().slice(0, Math.max(0, columns - 1));
}

function bar(ratio: number): string {
  const full = Math.floor(within(ratio) * BAR_CELLS);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`;
}

function within(ratio: number): number {
  return Math.min(1, Math.max(0, ratio));
}
