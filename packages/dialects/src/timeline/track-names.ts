import { EarshotError, type TrackName } from '@earshot/protocol';

const NAMES: ReadonlyMap<string, TrackName> = new Map([
  ['main', 'main'],
  ['inbound', 'inbound'],
  ['outbound', 'outbound'],
  ['inbound_track', 'inbound'],
  ['outbound_track', 'outbound'],
]);

/** The track that a platform's word stands for, in any case; null for other words. */
function trackNamed(word: unknown): TrackName | null {
  return typeof word === 'string' ? (NAMES.get(word) ?? NAMES.get(word.toLowerCase()) ?? null) : null;
}

/** The track of frames without a track name: the only one that the start names, else `main`. */
export function defaultTrack(declared: unknown): TrackName {
  const list: readonly unknown[] = Array.isArray(declared) ? declared : [declared];
  return (list.length === 1 ? trackNamed(list[0]) : null) ?? 'main';
}

/** Maps the track names of one stream. One name that is not known becomes `main`; a second would mix two voices. */
export class TrackNames {
  readonly #fallback: TrackName;
  #foreign: string | null = null;
  #mainIsTaken = false;

  constructor(fallback: TrackName) {
    this.#fallback = fallback;
  }

  /** Throws protocol_violation when the stream has more tracks than can be kept apart. */
  resolve(word: string | null): TrackName {
    const track = word === null ? this.#fallback : trackNamed(word);
    if (track !== null) {
      if (track === 'main') this.#takeMain(null);
      return track;
    }
    this.#takeMain(word);
    return 'main';
  }

  #takeMain(foreign: string | null): void {
    if (this.#mainIsTaken && this.#foreign !== foreign) {
      throw new EarshotError('protocol_violation', { message: 'The stream mixes tracks of unknown names.' });
    }
    this.#mainIsTaken = true;
    this.#foreign = foreign;
  }
}
