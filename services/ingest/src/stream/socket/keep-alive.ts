import type { EdgeLimits } from '../edge-context.ts';

/** What a socket needs now: nothing, a ping, an end because its peer is gone, or because it sends nothing. */
export type Pulse = 'fine' | 'ping' | 'gone' | 'idle';

/** Pings without an answer after which the peer counts as gone. */
const PINGS_MISSED = 2;
/** Checks come every second; when they come this late the process itself was held up, and so were its sockets, ms. */
const STALL_MS = 5000;

/** Decides when to ping a peer and when to give it up. Times are monotonic ms. */
export class KeepAlive {
  readonly #limits: Pick<EdgeLimits, 'pingIntervalMs' | 'streamIdleMs'>;
  #lastMessage: number;
  #nextPing: number;
  #unanswered = 0;
  #lastCheck: number;

  constructor(limits: Pick<EdgeLimits, 'pingIntervalMs' | 'streamIdleMs'>, now: number) {
    this.#limits = limits;
    this.#lastMessage = now;
    this.#lastCheck = now;
    this.#nextPing = now + limits.pingIntervalMs;
  }

  /** A message came. Silence is audio; pings and pongs are not. */
  message(now: number): void {
    this.#lastMessage = now;
    this.#unanswered = 0;
  }

  pong(): void {
    this.#unanswered = 0;
  }

  /** We do not read at the moment, so whatever the peer sends cannot be seen and counts as sent. */
  paused(now: number): void {
    this.message(now);
    this.#nextPing = now + this.#limits.pingIntervalMs;
  }

  check(now: number): Pulse {
    if (now - this.#lastCheck > STALL_MS) this.paused(now);
    this.#lastCheck = now;
    if (now - this.#lastMessage >= this.#limits.streamIdleMs) return 'idle';
    if (now < this.#nextPing) return 'fine';
    if (this.#unanswered >= PINGS_MISSED) return 'gone';
    this.#unanswered += 1;
    this.#nextPing = now + this.#limits.pingIntervalMs;
    return 'ping';
  }
}
