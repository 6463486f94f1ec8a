import type { ProcessingIssue } from '@earshot/protocol';

/** Times that one warning is given for one track at most. */
const MOST_WARNINGS = 3;

/** Details of a warning besides the track and the place. */
type Findings = Readonly<Record<string, unknown>>;

/** Finds one kind of trouble in one track; `undefined` while there is none. */
export type Verdict = { readonly message: string; readonly details?: Findings } | undefined;

/** Turns what is found again and again into few warnings: one each time that trouble begins, three at most. */
export class Alarm {
  readonly #type: string;
  readonly #track: string;
  #isOn = false;
  #count = 0;

  constructor(type: string, track: string) {
    this.#type = type;
    this.#track = track;
  }

  /** Takes what is found at a sample of the track; gives a warning when that is new. */
  hear(verdict: Verdict, atSample: number): ProcessingIssue | undefined {
    const isNew = verdict !== undefined && !this.#isOn && this.#count < MOST_WARNINGS;
    this.#isOn = verdict !== undefined;
    if (verdict === undefined || !isNew) return undefined;
    this.#count += 1;
    const details = { track: this.#track, at_sample: atSample, ...verdict.details };
    return { type: this.#type, message: verdict.message, details };
  }
}
