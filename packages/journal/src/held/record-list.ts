const FIRST_CAPACITY = 64;

/**
 * The records of one track that are still held, in order of position: columns of numbers, because a node holds
 * hundreds of thousands of them.
 */
export class RecordList {
  #first = new Float64Array(FIRST_CAPACITY);
  #samples = new Float64Array(FIRST_CAPACITY);
  #file = new Uint32Array(FIRST_CAPACITY);
  #at = new Uint32Array(FIRST_CAPACITY);
  #reason = new Uint8Array(FIRST_CAPACITY);
  /** Records [head, tail) are held. */
  head = 0;
  tail = 0;

  /** Adds a record and tells its index, for `place`; `reason` 0 is audio. */
  push(first: number, samples: number, reason: number): number {
    if (this.tail === this.#first.length) this.#makeRoom();
    const index = this.tail;
    this.#first[index] = first;
    this.#samples[index] = samples;
    this.#reason[index] = reason;
    this.#file[index] = 0;
    this.#at[index] = 0;
    this.tail += 1;
    return index;
  }

  /** Where the record lies; file 0 is nowhere (a gap that recovery made). */
  place(index: number, file: number, at: number): void {
    this.#file[index] = file;
    this.#at[index] = at;
  }

  first(index: number): number {
    return this.#first[index] ?? 0;
  }

  samples(index: number): number {
    return this.#samples[index] ?? 0;
  }

  end(index: number): number {
    return this.first(index) + this.samples(index);
  }

  file(index: number): number {
    return this.#file[index] ?? 0;
  }

  at(index: number): number {
    return this.#at[index] ?? 0;
  }

  reason(index: number): number {
    return this.#reason[index] ?? 0;
  }

  /** The index of the first record that ends behind a position; `tail` when none does. */
  find(position: number): number {
    let low = this.head;
    let high = this.tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.end(middle) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Lets go of the records that end at or below a position and tells the file of each. */
  release(to: number, dropped: (file: number) => void): void {
    while (this.head < this.tail && this.end(this.head) <= to) {
      dropped(this.file(this.head));
      this.head += 1;
    }
    if (this.head === this.tail) {
      this.head = 0;
      this.tail = 0;
    }
  }

  #makeRoom(): void {
    const held = this.tail - this.head;
    const capacity = held * 2 > this.#first.length ? this.#first.length * 2 : this.#first.length;
    this.#first = moved(this.#first, new Float64Array(capacity), this);
    this.#samples = moved(this.#samples, new Float64Array(capacity), this);
    this.#file = moved(this.#file, new Uint32Array(capacity), this);
    this.#at = moved(this.#at, new Uint32Array(capacity), this);
    this.#reason = moved(this.#reason, new Uint8Array(capacity), this);
    this.head = 0;
    this.tail = held;
  }
}

function moved<Column extends Float64Array | Uint32Array | Uint8Array>(
  from: Column,
  to: Column,
  held: { readonly head: number; readonly tail: number },
): Column {
  to.set(from.subarray(held.head, held.tail));
  return to;
}
