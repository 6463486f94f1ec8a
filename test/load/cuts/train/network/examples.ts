/** Rows of inputs, what each should give, and how much it counts. */
export interface Examples {
  readonly width: number;
  /** Row after row. */
  readonly inputs: Float32Array;
  /** 1 or 0 by row. */
  readonly answers: Uint8Array;
  readonly weights: Float32Array;
}

/** Collects rows, of which it is not known before how many there are. */
export class ExampleList {
  readonly #width: number;
  #inputs = new Float32Array(1024);
  #count = 0;
  readonly #answers: number[] = [];
  readonly #weights: number[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Takes a row; `inputs` is copied. */
  push(inputs: Float64Array, answer: boolean, weight: number): void {
    const start = this.#count * this.#width;
    if (start + this.#width > this.#inputs.length) {
      const grown = new Float32Array(2 * this.#inputs.length);
      grown.set(this.#inputs);
      this.#inputs = grown;
    }
    this.#inputs.set(inputs, start);
    this.#count += 1;
    this.#answers.push(answer ? 1 : 0);
    this.#weights.push(weight);
  }

  toExamples(): Examples {
    return {
      width: this.#width,
      inputs: this.#inputs.slice(0, this.#count * this.#width),
      answers: Uint8Array.from(this.#answers),
      weights: Float32Array.from(this.#weights),
    };
  }
}

/** All rows of several sets, in their order. */
export function joined(sets: readonly Examples[], width: number): Examples {
  const count = sets.reduce((sum, { answers }) => sum + answers.length, 0);
  const all = {
    width,
    inputs: new Float32Array(count * width),
    answers: new Uint8Array(count),
    weights: new Float32Array(count),
  };
  let row = 0;
  for (const { inputs, answers, weights } of sets) {
    all.inputs.set(inputs, row * width);
    all.answers.set(answers, row);
    all.weights.set(weights, row);
    row += answers.length;
  }
  return all;
}
