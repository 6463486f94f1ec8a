import { EarshotError } from '@earshot/protocol';
import type { JournalRange } from './journal.ts';

/** A writer of an older epoch, or of a stream that is closed or erased, tried to append. */
export class JournalFenced extends EarshotError {
  constructor() {
    super('stream_superseded');
    this.name = 'JournalFenced';
  }
}

/** Audio that was held cannot be read as it was written; `ranges` say which samples. */
export class JournalDamaged extends EarshotError {
  readonly ranges: readonly JournalRange[];

  constructor(ranges: readonly JournalRange[], cause?: unknown) {
    super('internal_error', { message: 'Audio in the journal is damaged.', cause });
    this.name = 'JournalDamaged';
    this.ranges = ranges;
  }
}

/** A file of the journal was written by another version of the format, which this build does not read. */
export class JournalVersionRefused extends Error {
  constructor(file: string, versions: { readonly found: number; readonly known: number }) {
    super(
      `Journal file ${file} has format version ${versions.found}; this build reads version ${versions.known} only.`,
    );
    this.name = 'JournalVersionRefused';
  }
}
