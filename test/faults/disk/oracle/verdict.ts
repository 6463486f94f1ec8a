import type { FaultFigures } from '../../runner/fault-class.ts';

type Wrong = 'samplesLost' | 'samplesDoubled' | 'stuck' | 'falseAcks';

/** How many single violations are told in words; the rest is only counted. */
const TOLD = 20;

/** Adds up what went wrong in a class of faults. */
export class Verdict {
  readonly #class: string;
  readonly #log: (line: string) => void;
  readonly #counts: Record<Wrong, number> = { samplesLost: 0, samplesDoubled: 0, stuck: 0, falseAcks: 0 };
  #told = 0;
  #injected = 0;
  /** What the judged run was, so that a violation can be repeated. */
  where = '';

  constructor(className: string, log: (line: string) => void) {
    this.#class = className;
    this.#log = log;
  }

  get injected(): number {
    return this.#injected;
  }

  get violations(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  inject(count = 1): void {
    this.#injected += count;
  }

  /** Counts a violation and tells it. */
  wrong(kind: Wrong, message: string, count = 1): void {
    if (count <= 0) return;
    this.#counts[kind] += count;
    this.#told += 1;
    if (this.#told <= TOLD) this.#log(`${this.#class}: ${kind} ${count}: ${message} (${this.where})`);
  }

  figures(notes: string): FaultFigures {
    return { class: this.#class, injected: this.#injected, ...this.#counts, notes };
  }
}
