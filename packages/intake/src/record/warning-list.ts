import type { ProcessingIssue } from '@earshot/protocol';

/** Keeps the first warnings of a session on one node and counts the rest. */
export class WarningList {
  readonly #issues: ProcessingIssue[] = [];
  readonly #limit: number;
  #more = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(issue: ProcessingIssue): void {
    if (this.#issues.length < this.#limit) this.#issues.push(issue);
    else this.#more += 1;
  }

  all(): ProcessingIssue[] {
    if (this.#more === 0) return [...this.#issues];
    const message = 'There were more warnings than are kept.';
    return [...this.#issues, { type: 'more_warnings', message, details: { count: this.#more } }];
  }
}
