/** One measured number, and what it should be, where anything is asked of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly goal: number | null;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

export type FigureRow = Omit<Figure, 'goal' | 'better'> & Partial<Pick<Figure, 'goal' | 'better'>>;

/** Rounds to what can be read; lower is better unless the row says otherwise. */
export function figure({ name, value, unit, goal = null, better = 'lower' }: FigureRow): Figure {
  const digits = Math.abs(value) < 10 ? 1000 : 10;
  return { name, value: Math.round(value * digits) / digits, goal, unit, better };
}

export function isMet({ value, goal, better }: Figure): boolean {
  if (goal === null) return true;
  return better === 'lower' ? value <= goal : value >= goal;
}

/** What a part of the run found: figures, tables for people, and a sentence for each figure that could not be had. */
export interface Findings {
  readonly figures: readonly Figure[];
  readonly text: readonly string[];
  readonly leftOut: readonly string[];
}

/** The line of JSON that a run ends with. */
export function figuresLine(figures: readonly Figure[]): string {
  return JSON.stringify({ figures });
}
