import { EarshotError } from '@earshot/protocol';
import { RECORD } from '../format/record.ts';
import { encodeStream } from '../format/stream-json.ts';
import type { JournalFile } from '../held/journal-file.ts';
import type { HeldTrack, StreamState } from '../held/stream-state.ts';
import type { JournalSettings } from '../journal.ts';
import type { Committer } from './committer.ts';
import type { Packer } from './packer.ts';
import type { Space } from './space.ts';

/** A stream's state is told a second time this far behind the first, bytes. */
const TELL_AGAIN_BYTES = 65_536;

export interface RecordLogDeps {
  readonly packer: Packer;
  readonly committer: Committer;
  readonly space: Space;
  readonly settings: Pick<JournalSettings, 'maxUnsyncedBytes' | 'reserveBytes'>;
}

/**
 * Puts records of streams. Records that only change state are put twice in a row, so that one flipped bit loses
 * none; audio is put once.
 */
export class RecordLog {
  readonly #packer: Packer;
  readonly #committer: Committer;
  readonly #space: Space;
  readonly #settings: RecordLogDeps['settings'];
  #stopped = false;
  /** Bytes appended when the disk was found to be full. */
  #fullAt: number | undefined;

  constructor(deps: RecordLogDeps) {
    this.#packer = deps.packer;
    this.#committer = deps.committer;
    this.#space = deps.space;
    this.#settings = deps.settings;
  }

  /** Bytes that are not durable yet. */
  get unsyncedBytes(): number {
    return this.#packer.appended - this.#committer.committed;
  }

  /** False when the journal failed or is closed. */
  get isOpen(): boolean {
    return !this.#stopped && this.#committer.failure === undefined;
  }

  /** Nothing is taken any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws when so many bytes of audio cannot be taken; 0 stands for a change of state, which a full disk does not refuse. */
  admit(bytes: number): void {
    if (!this.isOpen) throw new EarshotError('service_unavailable', { cause: this.#committer.failure });
    if (this.#space.state !== 'full') this.#fullAt = undefined;
    else if (bytes > 0) this.#admitWhenFull(bytes);
  }

  /**
   * Half of the reserve is for audio that is on its way; the rest stays for the records that let files go, for else
   * a disk that the journal filled itself could never get empty again.
   */
  #admitWhenFull(bytes: number): void {
    this.#fullAt ??= this.#packer.appended;
    const taken = this.#packer.appended - this.#fullAt + bytes;
    const { maxUnsyncedBytes, reserveBytes } = this.#settings;
    if (this.unsyncedBytes + bytes > maxUnsyncedBytes || (reserveBytes > 0 && taken > reserveBytes / 2)) {
      throw new EarshotError('insufficient_storage');
    }
  }

  audio(track: HeldTrack, first: number, pcm: Uint8Array): void {
    const samples = pcm.length / 2;
    const file = this.#mention(track.stream);
    this.#fill(RECORD.audio, track.stream, track);
    const { record } = this.#packer;
    record.first = first;
    record.count = samples;
    const at = this.#packer.put(pcm);
    file.audioBytes += pcm.length;
    this.#hold(track, track.records.push(first, samples, 0), at);
  }

  gap(track: HeldTrack, range: { readonly from: number; readonly to: number }, reason: number): void {
    this.#mention(track.stream);
    this.#fill(RECORD.gap, track.stream, track);
    const { record } = this.#packer;
    record.first = range.from;
    record.count = range.to - range.from;
    record.flags = reason;
    const at = this.#putTwice();
    this.#hold(track, track.records.push(record.first, record.count, reason), at);
  }

  release(track: HeldTrack, to: number): void {
    this.#mention(track.stream);
    this.#fill(RECORD.release, track.stream, track);
    this.#packer.record.first = to;
    this.#putTwice();
  }

  close(state: StreamState): void {
    this.#mention(state);
    this.#fill(RECORD.close, state, undefined);
    this.#putTwice();
  }

  erase(state: StreamState): void {
    this.#mention(state);
    this.#fill(RECORD.erase, state, undefined);
    this.#putTwice();
  }

  /** Writes the whole state; `tracks` stands in for what the state says. */
  tell(state: StreamState, tracks = standings(state)): void {
    const file = this.#packer.file();
    this.#fill(RECORD.stream, state, undefined);
    const { ref, meta, closed, erased } = state;
    this.#putTwice(encodeStream({ ref, meta, closed, erased, tracks }));
    state.tellAgainAt = state.toldIn === file ? Number.POSITIVE_INFINITY : file.end + TELL_AGAIN_BYTES;
    state.toldIn = file;
    state.files.add(file);
    file.streams.add(state);
  }

  /** To be called when a change is complete: commits a batch that is big enough. */
  ready(): void {
    this.#committer.ready();
  }

  /** Every file explains the streams that it mentions. */
  #mention(state: StreamState): JournalFile {
    const file = this.#packer.file();
    if (state.toldIn !== file || file.end >= state.tellAgainAt) this.tell(state);
    return file;
  }

  #fill(type: number, state: StreamState, track: HeldTrack | undefined): void {
    const { record } = this.#packer;
    record.type = type;
    record.track = track === undefined ? 0 : track.code;
    record.flags = 0;
    record.stream = state.number;
    record.epoch = state.epoch;
    record.sampleRate = track === undefined ? 0 : track.sampleRate;
    record.first = 0;
    record.count = 0;
  }

  #putTwice(payload?: Uint8Array): number {
    this.#packer.put(payload);
    return this.#packer.put(payload);
  }

  #hold(track: HeldTrack, index: number, at: number): void {
    const file = this.#packer.file();
    track.records.place(index, file.sequence, at);
    file.held += 1;
    track.end = track.records.end(index);
    this.#packer.touch(track);
  }
}

export function standings(
  state: StreamState,
): { code: number; sampleRate: number; start: number; end: number }[] {
  return state.tracks
    .filter((track) => track !== undefined)
    .map(({ code, sampleRate, start, end }) => ({ code, sampleRate, start, end }));
}
