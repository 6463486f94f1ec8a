/** Turns of an interval: each is for a share of the members, so that the work of all does not come at once. */
const TURNS = 8;

/** Something that wants its turn once an interval. */
export interface Paced {
  turn(): void;
}

/** Gives many sockets their turns with one timer. */
export class ReadPace {
  readonly #turnMs: number;
  readonly #turns: readonly Set<Paced>[] = Array.from({ length: TURNS }, () => new Set<Paced>());
  #timer: NodeJS.Timeout | undefined;
  /** Turns so far, and when the first began, ms. */
  #taken = 0;
  #beganMs = 0;

  constructor(intervalMs: number) {
    this.#turnMs = Math.max(1, intervalMs / TURNS);
  }

  /** From now on the member has its turn; the answer takes it out again. */
  add(member: Paced): () => void {
    const turn = this.#turns.reduce((least, each) => (each.size < least.size ? each : least));
    turn.add(member);
    if (this.#timer === undefined) this.#begin();
    return () => {
      turn.delete(member);
      if (this.#turns.every(({ size }) => size === 0)) this.#rest();
    };
  }

  #begin(): void {
    this.#beganMs = performance.now();
    this.#taken = 0;
    this.#timer = setInterval(() => this.#take(), this.#turnMs);
  }

  /** A process that was held up catches up, each member once: else its members would wait for many late timers. */
  #take(): void {
    const due = Math.floor((performance.now() - this.#beganMs) / this.#turnMs);
    if (due - this.#taken > TURNS) this.#taken = due - TURNS;
    for (; this.#taken < due; this.#taken += 1) {
      for (const member of this.#turns[this.#taken % TURNS] ?? []) member.turn();
    }
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
