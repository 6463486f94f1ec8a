import { trackOfCode } from '../format/codes.ts';
import type { FoundRecord } from '../format/record.ts';
import type { ToldTrack } from '../format/stream-json.ts';
import { HeldTrack, type MentioningFile, type StreamState } from '../held/stream-state.ts';

/** A track as its records tell of it, in any order. */
export interface FoundTrack {
  readonly held: HeldTrack;
  /** False until something tells where the track begins: then it begins with its first record. */
  told: boolean;
  /** The step of recovery that last told where the track ends. */
  seen: number;
}

/** A stream under recovery. */
export class FoundStream {
  readonly state: StreamState;
  readonly tracks = new Map<number, FoundTrack>();
  seen = 0;
  /** The file of its newest record. */
  lastFile: MentioningFile | undefined;
  /** Something of it is told only where it has to be written again. */
  unsure = false;

  constructor(state: StreamState) {
    this.state = state;
  }

  /** The track of a record, made when it is new; undefined for a track this build does not know. */
  track(kind: { readonly code: number; readonly sampleRate: number }, step: number): FoundTrack | undefined {
    const found = this.tracks.get(kind.code) ?? this.#make(kind);
    if (found !== undefined) found.seen = Math.max(found.seen, step);
    return found;
  }

  #make({
    code,
    sampleRate,
  }: {
    readonly code: number;
    readonly sampleRate: number;
  }): FoundTrack | undefined {
    const name = trackOfCode(code);
    if (name === undefined) return undefined;
    const held = new HeldTrack(this.state, { code, name, sampleRate }, 0);
    const found = { held, told: false, seen: 0 };
    this.tracks.set(code, found);
    this.state.tracks[code] = held;
    return found;
  }

  tell(told: ToldTrack, step: number): void {
    const track = this.track(told, step);
    if (track === undefined) return;
    beginAt(track, told.start);
    track.held.end = Math.max(track.held.end, told.end);
  }

  /** An audio or gap record: what it covers is known even when its payload is gone. */
  cover(record: FoundRecord, file: number, step: number): void {
    const track = this.track({ code: record.track, sampleRate: record.sampleRate }, step);
    if (track === undefined) return;
    const { held } = track;
    held.end = Math.max(held.end, record.first + record.count);
    if (!record.whole) return;
    held.records.place(held.records.push(record.first, record.count, record.flags), file, record.at);
  }

  release(record: FoundRecord, step: number): void {
    const track = this.track({ code: record.track, sampleRate: record.sampleRate }, step);
    if (track === undefined) return;
    beginAt(track, record.first);
    track.held.end = Math.max(track.held.end, record.first);
  }
}

function beginAt(track: FoundTrack, start: number): void {
  track.held.start = track.told ? Math.max(track.held.start, start) : start;
  track.told = true;
}
