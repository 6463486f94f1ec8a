import type { JournalStream } from '@earshot/journal';
import type { SessionRef, TrackName } from '@earshot/protocol';
import type { Random } from '../../runner/random.ts';
import { expectedPcm, type SessionClaim, sameBytes, type TrackClaim } from '../oracle/claims.ts';

interface LiveTrack {
  readonly track: TrackName;
  readonly seed: number;
  first: number;
  end: number;
  durable: number;
  released: number;
  readonly gaps: { from: number; to: number }[];
}

/** One session that a script feeds, with an account of everything it did. */
export class LiveSession {
  readonly ref: SessionRef;
  readonly sampleRate: number;
  readonly stream: JournalStream;
  readonly #random: Random;
  readonly #tracks: LiveTrack[];
  #epoch = 0;
  #durableEpoch = 0;
  #meta = 0;
  #durableMeta = 0;
  #closeAsked = false;
  #erase: SessionClaim['erase'] = 'no';

  constructor(stream: JournalStream, random: Random, tracks: readonly TrackName[]) {
    this.stream = stream;
    this.ref = stream.ref;
    this.#random = random;
    this.sampleRate = random.pick([8_000, 16_000, 44_100]);
    this.#tracks = tracks.map((track) => ({
      track,
      seed: random.between(1, 1_000_000),
      first: -1,
      end: 0,
      durable: 0,
      released: 0,
      gaps: [],
    }));
  }

  get open(): boolean {
    return !this.#closeAsked && this.#erase === 'no';
  }

  /** A newer writer; tells whether the journal refused the older one, as it has to. */
  begin(): { readonly fenced: boolean } {
    const old = this.#epoch;
    this.#epoch += this.#random.between(1, 3);
    this.#meta += 1;
    this.stream.begin(this.#epoch, this.#metaText());
    if (old === 0) return { fenced: true };
    const { track, seed } = this.#random.pick(this.#tracks);
    const from = this.stream.end(track);
    try {
      this.stream.append({ epoch: old, track, sampleRate: this.sampleRate, from }, pcm(seed + 1, from, 50));
      return { fenced: false };
    } catch {
      return { fenced: true };
    }
  }

  describe(): void {
    this.#meta += 1;
    this.stream.describe(this.#metaText());
  }

  append(samples: number): void {
    const live = this.#random.pick(this.#tracks);
    if (live.first < 0) live.first = live.end = this.#random.chance(0.2) ? 1_000 : 0;
    const from = Math.max(this.stream.end(live.track), live.first);
    live.end = Math.max(live.end, from + samples);
    this.stream.append(
      { epoch: this.#epoch, track: live.track, sampleRate: this.sampleRate, from },
      pcm(live.seed, from, samples),
    );
  }

  skip(samples: number): void {
    const live = this.#random.pick(this.#tracks);
    if (live.first < 0) return;
    const from = this.stream.end(live.track);
    const range = { track: live.track, sampleRate: this.sampleRate, from, to: from + samples };
    live.end = Math.max(live.end, range.to);
    this.stream.skip({ ...range, epoch: this.#epoch, reason: 'missing_frames' });
    live.gaps.push({ from, to: range.to });
  }

  release(everything: boolean): void {
    for (const live of this.#tracks) {
      const durable = this.stream.durable(live.track);
      const from = Math.max(live.released, live.first, 0);
      if (live.first < 0 || durable <= from) continue;
      const to = everything ? durable : this.#random.between(from, durable);
      live.released = Math.max(live.released, to);
      this.stream.release(live.track, to);
    }
  }

  close(): void {
    this.#closeAsked = true;
    this.stream.close();
  }

  async erase(): Promise<void> {
    this.#erase = 'asked';
    await this.stream.erase();
    this.#erase = 'done';
  }

  /** Reads a range that is durable and tells what is wrong with it. */
  async read(): Promise<string | undefined> {
    const live = this.#random.pick(this.#tracks);
    const [start, end] = [this.stream.start(live.track), this.stream.durable(live.track)];
    if (live.first < 0 || end <= start) return undefined;
    const from = this.#random.between(start, end - 1);
    const to = this.#random.between(from + 1, end);
    const gaps = [...live.gaps];
    const read = await this.stream.read(live.track, from, to);
    return sameBytes(read, expectedPcm({ seed: live.seed, gaps }, from, to))
      ? undefined
      : `${this.ref.sessionId} ${live.track} reads wrong at ${from}`;
  }

  /** What a report that everything so far is durable covers; the answer takes the report down. */
  beforeDurable(): () => void {
    const [epoch, meta] = [this.#epoch, this.#meta];
    const ends = this.#tracks.map((live) => this.stream.end(live.track));
    return () => {
      this.#durableEpoch = Math.max(this.#durableEpoch, epoch);
      this.#durableMeta = Math.max(this.#durableMeta, meta);
      this.#tracks.forEach((live, index) => {
        live.durable = Math.max(live.durable, ends[index] ?? 0);
      });
    };
  }

  claim(): SessionClaim {
    for (const live of this.#tracks) live.durable = Math.max(live.durable, this.stream.durable(live.track));
    return {
      ref: this.ref,
      sampleRate: this.sampleRate,
      epoch: this.#epoch,
      durableEpoch: this.#durableEpoch,
      meta: this.#meta,
      durableMeta: this.#durableMeta,
      closeAsked: this.#closeAsked,
      erase: this.#erase,
      tracks: this.#tracks.filter((live) => live.first >= 0).map(copyOfTrack),
    };
  }

  #metaText(): Record<string, unknown> {
    return { count: this.#meta, text: 'm'.repeat(this.#random.between(0, 60)) };
  }
}

/** A track that begins at 1,000 stands there before anything of it is durable: that promises nothing. */
function copyOfTrack(live: LiveTrack): TrackClaim {
  return { ...live, durable: live.durable > live.first ? live.durable : 0, gaps: [...live.gaps] };
}

function pcm(seed: number, from: number, samples: number): Uint8Array {
  return expectedPcm({ seed, gaps: [] }, from, from + samples);
}
