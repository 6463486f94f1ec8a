import type { JournalSettings } from '@earshot/journal';
import type { TrackName } from '@earshot/protocol';
import type { SessionClaim, TrackClaim } from '../oracle/claims.ts';

/** Files of a quarter megabyte, so that a driver fills and frees several of them in a second. */
export const DRIVER_JOURNAL: JournalSettings = {
  durability: 'fsync',
  commitMs: 3,
  commitBytes: 32_768,
  fileBytes: 262_144,
  reserveBytes: 262_144,
  lowWaterBytes: 524_288,
  maxUnsyncedBytes: 262_144,
};

export const DRIVER_TENANT = 'tenant';
export const DRIVER_RATE = 16_000;
/** The tracks of each session that a driver feeds. */
export const DRIVER_TRACKS: readonly (readonly TrackName[])[] = [
  ['main'],
  ['inbound', 'outbound'],
  ['main'],
  ['main'],
];

export function sessionName(index: number): string {
  return `session-${index}`;
}

/** The seed of a track's computed audio. */
export function driverSeed(sessionId: string, track: TrackName): number {
  let seed = 7;
  for (const char of `${sessionId} ${track}`) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) | 0;
  return seed;
}

/** Follows the lines of a driver and knows what its journal has promised. */
export class DriverPromises {
  ready = false;
  done = false;
  failed = false;
  /** Lines that promised something after the journal had failed. */
  lateLines = 0;
  readonly #durable = new Map<string, number>();
  readonly #released = new Map<string, number>();
  readonly #epochs = new Map<string, number>();
  #rest = '';

  get promises(): number {
    return this.#durable.size;
  }

  hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#hearLine(line);
  }

  claims(): SessionClaim[] {
    return DRIVER_TRACKS.map((tracks, index) => {
      const sessionId = sessionName(index);
      return {
        ref: { tenant: DRIVER_TENANT, sessionId },
        sampleRate: DRIVER_RATE,
        epoch: Number.POSITIVE_INFINITY,
        durableEpoch: this.#epochs.get(sessionId) ?? 0,
        meta: 1,
        durableMeta: 0,
        closeAsked: false,
        erase: 'no',
        tracks: tracks.map((track) => this.#trackClaim(sessionId, track)),
      };
    });
  }

  #trackClaim(sessionId: string, track: TrackName): TrackClaim {
    const key = `${sessionId} ${track}`;
    return {
      track,
      seed: driverSeed(sessionId, track),
      first: 0,
      end: Number.POSITIVE_INFINITY,
      durable: this.#durable.get(key) ?? 0,
      released: this.#released.get(key) ?? 0,
      gaps: [],
    };
  }

  #hearLine(line: string): void {
    const [word, session = '', ...rest] = line.split(' ');
    if (word === 'ready') this.ready = true;
    else if (word === 'done') this.done = true;
    else if (word === 'failed') this.failed = true;
    else if (word === 'epoch') raise(this.#epochs, session, Number(rest[0]));
    else if (word === 'released') raise(this.#released, `${session} ${rest[0] ?? ''}`, Number(rest[1]));
    else if (word === 'durable') raise(this.#durable, `${session} ${rest[0] ?? ''}`, Number(rest[1]));
    if (this.failed && (word === 'durable' || word === 'epoch')) this.lateLines += 1;
  }
}

function raise(map: Map<string, number>, key: string, value: number): void {
  map.set(key, Math.max(map.get(key) ?? 0, value));
}
