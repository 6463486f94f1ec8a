/** What happened in a run, as a hash that any difference changes; the lines themselves only when asked for. */
export class Trace {
  readonly lines: string[] = [];
  readonly #keep: boolean;
  #high = 0x811c_9dc5;
  #low = 0x1234_5678;

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  /** Notes one thing that happened; numbers beside it go into the hash as well. */
  note(atMs: number, what: string, ...numbers: readonly number[]): void {
    this.#mixText(what);
    this.#mix(Math.round(atMs * 1000) | 0);
    for (const number of numbers) this.#mix(number | 0);
    if (!this.#keep) return;
    this.lines.push(
      `${atMs.toFixed(3).padStart(12)}  ${what}${numbers.map((number) => ` ${number}`).join('')}`,
    );
  }

  /** 16 hex digits. */
  get hash(): string {
    return [this.#high, this.#low].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
  }

  #mixText(text: string): void {
    let hash = 0;
    for (let index = 0; index < text.length; index += 1)
      hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
    this.#mix(hash);
  }

  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x0100_0193);
    this.#high ^= this.#high >>> 15;
    this.#low = (Math.imul(this.#low, 0x5bd1_e995) + this.#high) | 0;
    this.#low ^= this.#low >>> 13;
  }
}
