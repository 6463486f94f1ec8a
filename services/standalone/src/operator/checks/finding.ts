import { failureMessage } from '../../failure.ts';

/** What a check found: one line for a person, with the way to mend it when something is wrong. */
export interface Finding {
  readonly subject: string;
  /** `warn` works today and may hurt later; `fail` does not work. */
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly sentence: string;
}

/** Prints as `ok    redis     answers`. */
export function findingLine({ subject, verdict, sentence }: Finding): string {
  return `${verdict.padEnd(5)} ${subject.padEnd(8)} ${sentence}`;
}

/** Runs a check; what it throws is its finding. */
export async function findingOf(subject: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [{ subject, verdict: 'fail', sentence: failureMessage(error) }];
  }
}
