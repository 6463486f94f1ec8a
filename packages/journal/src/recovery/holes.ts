import { reasonCode } from '../format/codes.ts';
import type { RecordList } from '../held/record-list.ts';
import type { JournalRange } from '../journal.ts';
import type { FoundTrack } from './found-stream.ts';

/** One record of a list, by value. */
export interface Entry {
  readonly first: number;
  readonly samples: number;
  readonly reason: number;
  readonly file: number;
  readonly at: number;
}

/**
 * Puts what was found of a track in order: repeated records collapse, released ones go, and every hole becomes a gap
 * with the reason `corrupt`. Tells the holes.
 */
export function settleTrack(track: FoundTrack): JournalRange[] {
  const { held } = track;
  const entries = entriesOf(held.records).sort((a, b) => a.first - b.first);
  if (!track.told) held.start = entries[0]?.first ?? held.end;
  const damaged: JournalRange[] = [];
  let position = held.start;
  clear(held.records);
  for (const entry of entries) {
    const end = entry.first + entry.samples;
    if (end <= position) continue;
    if (entry.first > position) damaged.push(hole(track, position, entry.first));
    pushEntry(held.records, entry);
    position = end;
  }
  held.end = Math.max(held.end, held.start);
  if (held.end > position) damaged.push(hole(track, position, held.end));
  held.durable = held.end;
  held.sealed = held.end;
  return damaged;
}

export function entriesOf(records: RecordList): Entry[] {
  const entries: Entry[] = [];
  for (let index = records.head; index < records.tail; index += 1) {
    entries.push({
      first: records.first(index),
      samples: records.samples(index),
      reason: records.reason(index),
      file: records.file(index),
      at: records.at(index),
    });
  }
  return entries;
}

export function pushEntry(records: RecordList, entry: Entry): void {
  records.place(records.push(entry.first, entry.samples, entry.reason), entry.file, entry.at);
}

function clear(records: RecordList): void {
  records.head = 0;
  records.tail = 0;
}

function hole({ held }: FoundTrack, from: number, to: number): JournalRange {
  held.records.push(from, to - from, reasonCode('corrupt'));
  return held.range(from, to);
}
