import { LIMITS, type ProcessingIssue } from '@earshot/protocol';
import type { DialectEvent } from './events.ts';

/** Binary audio without any framing that begins as a file does. */
export const WAV_HEADER: ProcessingIssue = {
  type: 'wav_header',
  message:
    'The stream begins with the header of a WAV file, which was taken as samples, as all binary audio is. Send only what follows it, PCM16 of one channel.',
};

/** Tells each kind of trouble once, so that a broken sender cannot flood the session with warnings. */
export class Warnings {
  readonly #told = new Set<string>();

  /** Adds the warning unless one with the same key was told, or too many kinds were. */
  tell(out: DialectEvent[], issue: ProcessingIssue, key: string = issue.type): void {
    if (this.#told.has(key) || this.#told.size >= LIMITS.maxWarningKinds) return;
    this.#told.add(key);
    out.push({ type: 'warning', issue });
  }
}
