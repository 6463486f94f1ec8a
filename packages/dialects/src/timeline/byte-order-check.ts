import { LIMITS } from '@earshot/protocol';

/** Both bytes of such a sample say something, whichever order is right. */
const AUDIBLE = 256;
/** Speech moves little from sample to sample; swapped bytes give 4/3, as noise does. */
const SMOOTH = 1;
const CLEARLY_SMOOTHER = 0.75;
/** Near-silence read in the wrong order is 256 times louder. */
const CLEARLY_QUIETER = 1 / 64;

/** Sums over samples read in one order. */
class Reading {
  #previous = 0;
  #moved = 0;
  #level = 0;

  add(sample: number): void {
    this.#moved += Math.abs(sample - this.#previous);
    this.#level += Math.abs(sample);
    this.#previous = sample;
  }

  get level(): number {
    return this.#level;
  }

  /** Mean absolute first difference relative to mean absolute value. */
  get roughness(): number {
    return this.#level === 0 ? Number.POSITIVE_INFINITY : this.#moved / this.#level;
  }

  clearlySmootherThan(other: Reading): boolean {
    return this.roughness < SMOOTH && this.roughness < other.roughness * CLEARLY_SMOOTHER;
  }
}

/**
 * Decides the byte order of 16-bit audio from its first audible samples: read in the right order, speech is smooth.
 * Counts sample by sample from the first that is not zero, so the split into frames does not matter. The expected order stays unless the other is
 * clearly better.
 */
export class ByteOrderCheck {
  readonly #expectedBig: boolean;
  readonly #enough: number;
  readonly #atMost: number;
  readonly #little = new Reading();
  readonly #big = new Reading();
  #seen = 0;
  #audible = 0;
  #decided = false;

  constructor(sampleRate: number, expectedBigEndian: boolean) {
    this.#expectedBig = expectedBigEndian;
    this.#enough = (sampleRate * LIMITS.byteOrderEvidenceMs) / 1000;
    this.#atMost = (sampleRate * LIMITS.byteOrderHoldMs) / 1000;
  }

  /** Looks at whole samples; true once the order is decided. */
  look(bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length && !this.#decided; at += 2) {
      const little = view.getInt16(at, true);
      const big = view.getInt16(at, false);
      if (this.#seen === 0 && little === 0) continue;
      this.#little.add(little);
      this.#big.add(big);
      this.#seen += 1;
      if (Math.abs(little) >= AUDIBLE && Math.abs(big) >= AUDIBLE) this.#audible += 1;
      this.#decided = this.#seen >= this.#atMost || (this.#audible >= this.#enough && this.#isClear());
    }
    return this.#decided;
  }

  /** The best answer so far. */
  get bigEndian(): boolean {
    const expected = this.#expectedBig ? this.#big : this.#little;
    const other = this.#expectedBig ? this.#little : this.#big;
    if (other.clearlySmootherThan(expected)) return !this.#expectedBig;
    if (expected.clearlySmootherThan(other)) return this.#expectedBig;
    return other.level < expected.level * CLEARLY_QUIETER ? !this.#expectedBig : this.#expectedBig;
  }

  #isClear(): boolean {
    return this.#little.clearlySmootherThan(this.#big) || this.#big.clearlySmootherThan(this.#little);
  }
}

/** Digital silence reads the same in either order. */
export function isDigitalSilence(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
