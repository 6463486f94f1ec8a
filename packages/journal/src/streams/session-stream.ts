import type { Gap, SessionRef, TrackName } from '@earshot/protocol';
import { JournalFenced } from '../errors.ts';
import { reasonCode, reasonOfCode, trackCode } from '../format/codes.ts';
import type { StreamState } from '../held/stream-state.ts';
import { HeldTrack } from '../held/stream-state.ts';
import type { JournalRange, JournalStream } from '../journal.ts';
import type { RangeReader } from '../reading/range-reader.ts';
import type { RecordLog } from '../writing/record-log.ts';

const MAX_EPOCH = 0xffff_ffff;
const MAX_POSITION = 2 ** 47;

/** What streams need of their journal. */
export interface StreamDeps {
  readonly log: RecordLog;
  readonly reader: RangeReader;
  /** With durability `off` everything counts as durable at once. */
  readonly durableAtOnce: boolean;
  readonly dropRecord: (file: number) => void;
  readonly released: () => void;
  readonly closed: (state: StreamState) => void;
  readonly erase: (ref: SessionRef) => Promise<{ readonly bytes: number }>;
}

/** The stream that users of the journal hold. */
export class SessionStream implements JournalStream {
  readonly #state: StreamState;
  readonly #deps: StreamDeps;

  constructor(state: StreamState, deps: StreamDeps) {
    this.#state = state;
    this.#deps = deps;
  }

  get ref(): SessionRef {
    return this.#state.ref;
  }

  get epoch(): number {
    return this.#state.epoch;
  }

  begin(epoch: number, meta: Record<string, unknown>): void {
    const state = this.#state;
    if (!Number.isInteger(epoch) || epoch < 0 || epoch > MAX_EPOCH) throw new RangeError('Not an epoch.');
    if (epoch < state.epoch) throw new JournalFenced();
    this.#admit(0);
    state.epoch = epoch;
    state.meta = meta;
    this.#tell();
  }

  describe(meta: Record<string, unknown>): void {
    this.#admit(0);
    this.#state.meta = meta;
    this.#tell();
  }

  append(
    range: { epoch: number; track: TrackName; sampleRate: number; from: number },
    pcm: Uint8Array,
  ): void {
    const { log } = this.#deps;
    if (range.epoch !== this.#state.epoch) throw new JournalFenced();
    if (pcm.length % 2 !== 0) throw new RangeError('PCM16 has two bytes a sample.');
    this.#admit(pcm.length);
    const track = this.#track(range);
    if (range.from !== track.end) this.#bridge(track, range.from);
    if (pcm.length === 0) return;
    log.audio(track, range.from, pcm);
    log.ready();
  }

  skip(range: JournalRange & { readonly epoch: number; readonly reason: Gap['reason'] }): void {
    if (range.epoch !== this.#state.epoch) throw new JournalFenced();
    if (!(range.to >= range.from && range.to <= MAX_POSITION)) throw new RangeError('Not the end of a gap.');
    this.#admit(0);
    const track = this.#track(range);
    if (range.from !== track.end) this.#bridge(track, range.from);
    if (range.to === range.from) return;
    this.#deps.log.gap(track, range, reasonCode(range.reason));
    this.#deps.log.ready();
  }

  end(track: TrackName): number {
    return this.#held(track)?.end ?? 0;
  }

  durable(track: TrackName): number {
    const held = this.#held(track);
    if (held === undefined) return 0;
    return this.#deps.durableAtOnce ? held.end : held.durable;
  }

  start(track: TrackName): number {
    return this.#held(track)?.start ?? 0;
  }

  ranges(): readonly JournalRange[] {
    return this.#tracks()
      .filter(({ start, end }) => start < end)
      .map((track) => track.range(track.start, track.end));
  }

  gaps(): readonly Gap[] {
    return this.#tracks().flatMap((track) => gapsOf(track));
  }

  async read(track: TrackName, from: number, to: number): Promise<Uint8Array> {
    this.#heldRange(track, from, to);
    const pcm = new Uint8Array((to - from) * 2);
    await this.readInto(track, from, pcm);
    return pcm;
  }

  async readInto(track: TrackName, from: number, pcm: Uint8Array): Promise<void> {
    const held = this.#heldRange(track, from, from + pcm.length / 2);
    if (held !== undefined) await this.#deps.reader.read(held, from, pcm);
  }

  release(track: TrackName, to: number): void {
    const held = this.#held(track);
    if (held === undefined || to <= held.start || this.#state.closed || !this.#deps.log.isOpen) return;
    if (to > held.end) throw new RangeError('Nothing can be released that was not appended.');
    held.start = to;
    held.records.release(to, this.#deps.dropRecord);
    this.#deps.log.release(held, to);
    this.#deps.log.ready();
    this.#deps.released();
  }

  close(): void {
    const state = this.#state;
    if (state.closed || !this.#deps.log.isOpen) return;
    state.closed = true;
    if (state.files.size > 0) this.#deps.log.close(state);
    this.#letGo();
    this.#deps.log.ready();
    this.#deps.closed(state);
    this.#deps.released();
  }

  erase(): Promise<{ readonly bytes: number }> {
    return this.#deps.erase(this.#state.ref);
  }

  #letGo(): void {
    for (const track of this.#tracks()) {
      track.start = track.end;
      track.records.release(track.end, this.#deps.dropRecord);
    }
  }

  #admit(bytes: number): void {
    if (this.#state.closed) throw new JournalFenced();
    this.#deps.log.admit(bytes);
  }

  #tell(): void {
    this.#deps.log.tell(this.#state);
    this.#deps.log.ready();
  }

  /** Undefined when nothing is asked of a track that there is not. */
  #heldRange(track: TrackName, from: number, to: number): HeldTrack | undefined {
    const held = this.#held(track);
    if (held === undefined && from === 0 && to === 0) return undefined;
    if (held === undefined || from < held.start || to > held.end || from > to) {
      throw new RangeError(`Samples ${from} to ${to} are not held.`);
    }
    return held;
  }

  #held(track: TrackName): HeldTrack | undefined {
    return this.#state.tracks[trackCode(track)];
  }

  #tracks(): HeldTrack[] {
    return this.#state.tracks.filter((track) => track !== undefined);
  }

  #track(range: {
    readonly track: TrackName;
    readonly sampleRate: number;
    readonly from: number;
  }): HeldTrack {
    const found = this.#held(range.track);
    if (found !== undefined) {
      if (found.sampleRate !== range.sampleRate) throw new RangeError('A track keeps its sample rate.');
      return found;
    }
    const { from, sampleRate } = range;
    if (!Number.isSafeInteger(from) || from < 0 || from > MAX_POSITION)
      throw new RangeError('Not a position.');
    if (!Number.isInteger(sampleRate) || sampleRate < 1) throw new RangeError('Not a sample rate.');
    const code = trackCode(range.track);
    const track = new HeldTrack(
      this.#state,
      { code, name: range.track, sampleRate: range.sampleRate },
      range.from,
    );
    this.#state.tracks[code] = track;
    // Where a track begins is told on its own, so that damage at its first record cannot move it.
    this.#deps.log.tell(this.#state);
    return track;
  }

  /** Audio that begins behind a gap: the gap reaches up to it. */
  #bridge(track: HeldTrack, from: number): void {
    const { records } = track;
    const reason = records.head < records.tail ? records.reason(records.tail - 1) : 0;
    if (from < track.end || reason === 0) {
      throw new RangeError(`The track stands at ${track.end}, not at ${from}.`);
    }
    this.#deps.log.gap(track, { from: track.end, to: from }, reason);
  }
}

function gapsOf(track: HeldTrack): Gap[] {
  const gaps: Gap[] = [];
  const { records, name } = track;
  for (let index = records.head; index < records.tail; index += 1) {
    if (records.reason(index) === 0) continue;
    const reason = reasonOfCode(records.reason(index));
    const from = Math.max(records.first(index), track.start);
    const last = gaps.at(-1);
    if (last?.to === from && last.reason === reason) last.to = records.end(index);
    else gaps.push({ track: name, from, to: records.end(index), reason });
  }
  return gaps;
}
