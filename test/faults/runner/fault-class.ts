/** What a class of faults did to earshot, in counts; a pass has 0 in all of the last four. */
export interface FaultFigures {
  readonly class: string;
  /** Faults that really took place. */
  readonly injected: number;
  /** Samples acknowledged as durable, or sent in a session that ended, that are not stored. */
  readonly samplesLost: number;
  /** Samples stored more than once, in the wrong place, or that nobody sent. */
  readonly samplesDoubled: number;
  /** Sessions (or runs) that did not reach their end in time. */
  readonly stuck: number;
  /** Acknowledgements that turned out not to be true. */
  readonly falseAcks: number;
  /** One line for the report: what was measured on the way. */
  readonly notes?: string;
}

/** Why a class cannot run on this machine, in one line. */
export interface FaultSkip {
  readonly class: string;
  readonly skipped: string;
}

export interface FaultRun {
  /** Faults to inject. */
  readonly count: number;
  /** Decides everything random; the same seed gives the same choices. */
  readonly seed: number;
  /** A line of progress. */
  readonly log: (line: string) => void;
}

/**
 * One class of faults. `run` throws only when the rig itself cannot work; what earshot does wrong is counted, and told
 * through `log` with what is needed to repeat it.
 */
export interface FaultClass {
  /** As `--only` takes it: lower case with hyphens. */
  readonly name: string;
  readonly ciCount: number;
  readonly fullCount: number;
  run(run: FaultRun): Promise<FaultFigures | FaultSkip>;
}
