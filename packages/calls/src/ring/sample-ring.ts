/** Samples that a ring starts with room for, and returns to when it has run empty. */
const SMALL = 4096;
/** An empty ring keeps up to this much room, so that a talker who sends in bursts does not make it grow each time. */
const KEPT = 65_536;

/** Samples in the order in which they came, up to a fixed number. Memory grows with what waits; reading allocates nothing. */
export class SampleRing {
  readonly #most: number;
  #memory: Int16Array;
  #start = 0;
  #length = 0;

  constructor(most: number) {
    this.#most = most;
    this.#memory = new Int16Array(Math.min(SMALL, most));
  }

  get length(): number {
    return this.#length;
  }

  /** How many samples more fit. */
  get room(): number {
    return this.#most - this.#length;
  }

  /** Appends a copy of the samples, which must fit (RangeError). */
  push(samples: Int16Array): void {
    this.#reserve(samples.length);
    const at = this.#place(this.#length);
    const fits = this.#memory.length - at;
    if (samples.length <= fits) {
      this.#memory.set(samples, at);
    } else {
      this.#memory.set(samples.subarray(0, fits), at);
      this.#memory.set(samples.subarray(fits), 0);
    }
    this.#length += samples.length;
  }

  /** Appends silence, which must fit (RangeError). */
  pushSilence(count: number): void {
    this.#reserve(count);
    const at = this.#place(this.#length);
    this.#memory.fill(0, at, at + count);
    this.#memory.fill(0, 0, Math.max(0, at + count - this.#memory.length));
    this.#length += count;
  }

  /** Moves the oldest samples to the start of `into`, as many as there are and fit; tells how many. */
  shift(into: Int16Array): number {
    const count = Math.min(into.length, this.#length);
    const memory = this.#memory;
    const start = this.#start;
    const straight = Math.min(count, memory.length - start);
    for (let index = 0; index < straight; index += 1) into[index] = memory[start + index] ?? 0;
    for (let index = straight; index < count; index += 1) into[index] = memory[index - straight] ?? 0;
    this.drop(count);
    return count;
  }

  /** The largest magnitude among the oldest `count` samples. */
  peak(count: number): number {
    let peak = 0;
    for (let index = 0; index < Math.min(count, this.#length); index += 1) {
      peak = Math.max(peak, Math.abs(this.#memory[this.#place(index)] ?? 0));
    }
    return peak;
  }

  /** Forgets the oldest samples, as many as there are. */
  drop(count: number): void {
    const dropped = Math.min(count, this.#length);
    this.#start = this.#place(dropped);
    this.#length -= dropped;
    if (this.#length > 0) return;
    this.#start = 0;
    if (this.#memory.length > KEPT) this.#memory = new Int16Array(SMALL);
  }

  /** Where a sample lies that is `offset` behind the oldest one; `offset` is at most the size of the memory. */
  #place(offset: number): number {
    const at = this.#start + offset;
    return at < this.#memory.length ? at : at - this.#memory.length;
  }

  #reserve(count: number): void {
    if (count > this.room) throw new RangeError(`${count} samples do not fit, ${this.room} would.`);
    const needed = this.#length + count;
    if (needed <= this.#memory.length) return;
    const larger = new Int16Array(Math.min(this.#most, Math.max(needed, 2 * this.#memory.length)));
    const head = this.#memory.subarray(this.#start, this.#start + this.#length);
    larger.set(head);
    larger.set(this.#memory.subarray(0, this.#length - head.length), head.length);
    this.#memory = larger;
    this.#start = 0;
  }
}
