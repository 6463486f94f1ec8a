import type { TrackName } from '@earshot/protocol';
import type { JournalRange } from '../journal.ts';
import { RecordList } from './record-list.ts';
import type { StreamState } from './stream-state.ts';

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
