import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaClient } from './media-client.ts';
import { monotonicMs, stampedTick } from './stamps.ts';

const TICK_MS = 20;
/** A talker speaks for two seconds, then takes a breath. */
const TURN_TICKS = 110;
const SPOKEN_TICKS = 100;

/** Programs that talk, a 20 ms message each every 20 ms, with their beats spread evenly over the 20 ms. */
export class Talkers {
  readonly #seats: Seat[];
  /** How much later than planned messages were sent, ms: the generator's own doing. */
  readonly lateMs: number[] = [];
  /** Messages sent so far. */
  sent = 0;
  #stopped = false;

  constructor(clients: readonly MediaClient[]) {
    this.#seats = clients.map((client, index) => ({
      client,
      beat: Math.floor((index * TICK_MS) / clients.length),
      tick: index % TURN_TICKS,
      earliestMs: 0,
    }));
  }

  /** Talks until `stop`. */
  async run(): Promise<void> {
    const beats = Array.from({ length: TICK_MS }, (_, beat) =>
      this.#seats.filter((seat) => seat.beat === beat),
    );
    const beganMs = monotonicMs();
    for (let ms = 0; !this.#stopped; ms += 1) {
      const dueMs = beganMs + ms;
      const waitMs = dueMs - monotonicMs();
      if (waitMs > 0) await sleep(waitMs);
      for (const seat of beats[ms % TICK_MS] ?? []) this.#talk(seat, dueMs);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /**
   * A frame is stamped with the earliest time at which a player that waits for nothing could begin it: now, or 20 ms
   * behind the frame before. What a late generator adds by bunching frames is so not taken for the server's delay.
   */
  #talk(seat: Seat, dueMs: number): void {
    seat.tick = (seat.tick + 1) % TURN_TICKS;
    if (seat.tick >= SPOKEN_TICKS || !seat.client.isOpen) return;
    const nowMs = monotonicMs();
    this.lateMs.push(nowMs - dueMs);
    seat.earliestMs = Math.max(nowMs, seat.earliestMs + TICK_MS);
    seat.client.talk(stampedTick(seat.earliestMs));
    this.sent += 1;
  }
}

interface Seat {
  readonly client: MediaClient;
  readonly beat: number;
  tick: number;
  earliestMs: number;
}
