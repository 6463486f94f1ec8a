import type { SessionRef, TrackName } from '@earshot/protocol';
import { TRACK_COUNT } from '../format/codes.ts';
import type { JournalRange, JournalStream } from '../journal.ts';
import { RecordList } from './record-list.ts';

/** A file, as far as streams care. */
export interface MentioningFile {
  readonly sequence: number;
}

/** What is held of one track of one stream; positions in samples. */
export class HeldTrack {
  readonly stream: StreamState;
  readonly code: number;
  readonly name: TrackName;
  readonly sampleRate: number;
  /** Everything below is released. */
  start: number;
  end: number;
  durable: number;
  /** Where the track stood when the batch under way was sealed. */
  sealed: number;
  /** The batch that touched the track last. */
  batch = 0;
  readonly records = new RecordList();

  constructor(
    stream: StreamState,
    kind: { code: number; name: TrackName; sampleRate: number },
    start: number,
  ) {
    this.stream = stream;
    this.code = kind.code;
    this.name = kind.name;
    this.sampleRate = kind.sampleRate;
    this.start = start;
    this.end = start;
    this.durable = start;
    this.sealed = start;
  }

  range(from: number, to: number): JournalRange {
    return { track: this.name, sampleRate: this.sampleRate, from, to };
  }
}

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
  readonly files = new Set<MentioningFile>();
  /** The newest file with its whole state. */
  toldIn: MentioningFile | undefined;
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
