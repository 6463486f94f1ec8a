/** Something that will happen, once, at a virtual time. */
export interface SimulatedEvent {
  readonly atMs: number;
  /** Decides among events of one time. */
  readonly tie: number;
  readonly label: string;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
}

/** A binary heap of events, the earliest first. */
export class EventHeap {
  readonly #events: SimulatedEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  push(event: SimulatedEvent): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = events[parent]!;
      if (!before(event, other)) break;
      events[at] = other;
      at = parent;
    }
    events[at] = event;
  }

  pop(): SimulatedEvent | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.#sink(last);
    return first;
  }

  #sink(event: SimulatedEvent): void {
    const events = this.#events;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && before(events[child + 1]!, events[child]!)) child += 1;
      const other = events[child]!;
      if (!before(other, event)) break;
      events[at] = other;
      at = child;
    }
    events[at] = event;
  }
}

function before(a: SimulatedEvent, b: SimulatedEvent): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.tie < b.tie;
}
