import { createHash } from 'node:crypto';
import type { TrackDigest, TrackName } from '@earshot/protocol';

/** Hashes a track while it is archived; gives up when it did not see the track from its start. */
export class TrackDigester {
  readonly #track: TrackName;
  readonly #hash = createHash('sha256');
  #position = 0;
  #whole = true;

  constructor(track: TrackName) {
    this.#track = track;
  }

  /** PCM16LE of the track's next segment, at its position in storage. */
  add(firstSample: number, pcm: Uint8Array): void {
    if (firstSample !== this.#position) this.#whole = false;
    if (!this.#whole) return;
    this.#hash.update(pcm);
    this.#position += pcm.length / 2;
  }

  /** The digest so far; undefined when a part was not seen. */
  digest(): TrackDigest | undefined {
    if (!this.#whole || this.#position === 0) return undefined;
    return { track: this.#track, samples: this.#position, sha256: this.#hash.copy().digest('hex') };
  }
}
