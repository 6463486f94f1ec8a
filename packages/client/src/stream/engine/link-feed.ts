import { isFinalCode, type Link, type LinkEnd } from '../link/link.ts';
import type { Positions } from './positions.ts';
import type { Signal } from './signal.ts';

export interface FeedSetting {
  readonly changed: Signal;
  /** A link on which audio waits for its ack and nothing is heard for this long is given up, ms. */
  readonly stallMs: number;
  /** Set once the audio is complete. */
  readonly stopping: () => { readonly reason: string | undefined } | undefined;
  readonly sent: () => void;
}

/** Looks for a silent server, as a part of the time that it may be silent. */
const LOOKS_PER_STALL = 4;

/** Feeds one link from where the stream stands until the link ends. */
export class LinkFeed {
  readonly link: Link;
  readonly #positions: Positions;
  readonly #setting: FeedSetting;
  #isOver = false;
  #stopSent = false;
  #isMoving = false;
  #heardMs = performance.now();
  #sentMs = Number.NEGATIVE_INFINITY;
  #pacer: ReturnType<typeof setTimeout> | undefined;

  constructor(link: Link, positions: Positions, setting: FeedSetting) {
    this.link = link;
    this.#positions = positions;
    this.#setting = setting;
  }

  /** More has become durable over this link. */
  get gotThrough(): boolean {
    return this.#isMoving;
  }

  moved(): void {
    this.#isMoving = true;
  }

  heard(): void {
    this.#heardMs = performance.now();
  }

  async run(): Promise<LinkEnd> {
    const ended = this.link.ended.then((end) => {
      this.#isOver = true;
      this.#setting.changed.notify();
      return end;
    });
    const timer = setInterval(() => this.#look(), this.#setting.stallMs / LOOKS_PER_STALL);
    await this.#pump();
    const end = await ended;
    clearInterval(timer);
    clearTimeout(this.#pacer);
    return end;
  }

  /** False when the stream is over with this end, by its own stop or because the server does not want more. */
  mayResume(end: LinkEnd): boolean {
    return !isFinalCode(end.code);
  }

  async #pump(): Promise<void> {
    while (!this.#isOver) {
      if (!this.link.takesMore) {
        await this.#setting.changed.next();
        continue;
      }
      const piece = this.#nextPiece();
      if (piece.length === 0) {
        this.#sayStop();
        await this.#setting.changed.next();
        continue;
      }
      if (this.#isTooSmall(piece)) {
        await this.#setting.changed.next();
        continue;
      }
      if (this.#isIdle()) this.heard();
      this.#sentMs = performance.now();
      this.#positions.advance(piece.length);
      await this.link.send(piece);
      this.#setting.sent();
      if (this.link.acknowledged) continue;
      this.#positions.releaseSent();
      this.#setting.changed.notify();
    }
  }

  #nextPiece(): Uint8Array {
    const { buffer } = this.#positions;
    const from = this.#positions.cursor;
    if (!this.link.acknowledged) return buffer.read(from, this.link.pieceBytes);
    const credit = this.link.creditBytes - (from - this.#positions.durableBytes);
    const bytes = Math.min(this.link.pieceBytes, credit, this.#positions.wholeEnd - from);
    return buffer.read(from, bytes - (bytes % 2));
  }

  /** Also sees to it that the piece is looked at again when its time has come. */
  #isTooSmall(piece: Uint8Array): boolean {
    const { bytes, ms } = this.link.pace;
    const early = ms - (performance.now() - this.#sentMs);
    if (piece.length >= bytes || early <= 0 || this.#setting.stopping() !== undefined) return false;
    this.#pacer ??= setTimeout(() => {
      this.#pacer = undefined;
      this.#setting.changed.notify();
    }, early);
    return true;
  }

  #sayStop(): void {
    const stop = this.#setting.stopping();
    const { cursor, wholeEnd } = this.#positions;
    if (stop === undefined || this.#stopSent || cursor < wholeEnd) return;
    this.#stopSent = true;
    this.heard();
    this.link.stop(stop.reason);
  }

  #isIdle(): boolean {
    return this.#positions.durableBytes >= this.#positions.cursor && !this.#stopSent;
  }

  /** A half-open connection looks alive from here; only missing acks tell. */
  #look(): void {
    if (!this.link.acknowledged || this.#isIdle()) return;
    if (performance.now() - this.#heardMs > this.#setting.stallMs) {
      this.link.abandon('The server has not answered for too long.');
    }
  }
}
