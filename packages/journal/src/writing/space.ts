import type { JournalDisk, JournalTime } from '../disk.ts';
import type { JournalSettings, JournalState } from '../journal.ts';
import { Reserve } from './reserve.ts';

const LOOK_EVERY_MS = 1000;

/** Watches the room on the disk and says what the journal can take: the one owner of its state. */
export class Space {
  state: JournalState = 'ok';
  freeBytes = 0;
  readonly #disk: JournalDisk;
  readonly #time: JournalTime;
  readonly #lowWaterBytes: number;
  readonly #reserve: Reserve;
  readonly #listeners: ((state: JournalState) => void)[] = [];
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking = false;
  /** A batch waits for room. */
  #stuck = false;
  #cancel: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(deps: { disk: JournalDisk; time: JournalTime; settings: JournalSettings }) {
    this.#disk = deps.disk;
    this.#time = deps.time;
    this.#lowWaterBytes = deps.settings.lowWaterBytes;
    this.#reserve = new Reserve(deps.disk, deps.settings.reserveBytes);
  }

  /** Looks for the first time, and makes the reserve. */
  async open(): Promise<void> {
    const made = await this.#reserve.make();
    await this.#measure();
    if (made) this.#settle();
    else this.#become('full');
  }

  onState(listener: (state: JournalState) => void): void {
    this.#listeners.push(listener);
  }

  /** After a write that found no room: resolves when trying again makes sense. */
  async awaitRoom(): Promise<void> {
    this.#become('full');
    if ((await this.#reserve.giveUp()) || this.#closed) return;
    this.#stuck = true;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Everything that waited is written. */
  wrote(): void {
    this.#stuck = false;
    if (this.state === 'ok' && this.#time.elapsedMs() - this.#lookedMs >= LOOK_EVERY_MS) void this.#look();
  }

  fail(): void {
    this.#become('failed');
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wake?.();
    this.#wake = undefined;
  }

  #become(state: JournalState): void {
    if (this.state === 'failed') return;
    const changed = state !== this.state;
    this.state = state;
    if (state === 'low' || state === 'full') this.#lookLater();
    if (changed) for (const listener of this.#listeners) listener(state);
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#cancel ??= this.#time.after(LOOK_EVERY_MS, () => {
      this.#cancel = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    try {
      if (this.#stuck) this.#wake?.();
      else if (this.state !== 'full' || (await this.#reserve.make())) await this.#remeasure();
    } finally {
      this.#looking = false;
    }
    if (this.state === 'low' || this.state === 'full') this.#lookLater();
  }

  async #remeasure(): Promise<void> {
    if (await this.#measure()) this.#settle();
  }

  /** A disk that cannot tell its free bytes changes nothing: the next write finds out. */
  async #measure(): Promise<boolean> {
    this.#lookedMs = this.#time.elapsedMs();
    try {
      this.freeBytes = await this.#disk.freeBytes();
      return true;
    } catch {
      return false;
    }
  }

  #settle(): void {
    if (this.#closed || this.#stuck) return;
    this.#become(this.freeBytes < this.#lowWaterBytes ? 'low' : 'ok');
  }
}
