import type { SessionRef } from '@earshot/protocol';
import { TRACK_COUNT } from '../format/codes.ts';
import type { JournalStream } from '../journal.ts';
import type { HeldTrack } from './held-track.ts';
import type { JournalFile } from './journal-file.ts';

/** What the journal knows of one stream. It outlives the stream while a file still mentions it. */
export class StreamState {
  /** The stream's name in records; never used again for another. */
  readonly number: number;
  readonly ref: SessionRef;
  epoch = 0;
  meta: Record<string, unknown> = {};
  closed = false;
  erased = false;
  readonly tracks: (HeldTrack | undefined)[] = Array.from({ length: TRACK_COUNT }, () => undefined);
  /** Files that mention it. */
  readonly files = new Set<JournalFile>();
  /** The newest file with its whole state. */
  toldIn: JournalFile | undefined;
  /** At this offset of that file the state is told once more, so that one bad page does not hide it. */
  tellAgainAt = 0;
  /** What users of the journal hold. */
  handle: JournalStream | undefined;

  constructor(number: number, ref: SessionRef) {
    this.number = number;
    this.ref = { tenant: ref.tenant, sessionId: ref.sessionId };
  }

  /** The newest file that mentions the stream, by sequence; 0 for none. */
  newestMention(): number {
    let newest = 0;
    for (const file of this.files) newest = Math.max(newest, file.sequence);
    return newest;
  }

  /** True when a file older than `sequence` mentions it. */
  isMentionedBefore(sequence: number): boolean {
    for (const file of this.files) if (file.sequence < sequence) return true;
    return false;
  }
}
