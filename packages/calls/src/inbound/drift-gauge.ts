import { LIMITS } from '@earshot/protocol';
import { SAMPLES_PER_MS } from '../tick.ts';

/** No drift is told before this much audio, ms. */
const MINUTE_MS = 60_000;
/** One point of the line is taken from each stretch of this length, ms. */
const STRETCH_MS = 1000;
/** Fewer points tell nothing, whatever audio they hold. */
const LEAST_POINTS = 30;

interface Point {
  readonly arrivedMs: number;
  readonly sentMs: number;
}

/** A line through points, by least squares (Welford's sums, so that long calls lose no digits). */
class Line {
  #count = 0;
  #meanX = 0;
  #meanY = 0;
  #varianceX = 0;
  #covariance = 0;

  add({ arrivedMs, sentMs }: Point): void {
    this.#count += 1;
    const fromMeanX = arrivedMs - this.#meanX;
    this.#meanX += fromMeanX / this.#count;
    this.#meanY += (sentMs - this.#meanY) / this.#count;
    this.#varianceX += fromMeanX * (arrivedMs - this.#meanX);
    this.#covariance += fromMeanX * (sentMs - this.#meanY);
  }

  get slope(): number | null {
    return this.#count < LEAST_POINTS || this.#varianceX === 0 ? null : this.#covariance / this.#varianceX;
  }
}

/**
 * The sender's clock against ours: the slope of audio sent over time of arrival. Of each second only the packet with
 * the least delay counts, since networks only ever add delay. A sender who says nothing for a second, without telling
 * that audio was lost, begins a new measurement; what an earlier one found holds until that has its own minute.
 */
export class DriftGauge {
  #line = new Line();
  #best: Point | null = null;
  #stretchEndsMs = STRETCH_MS;
  #sentSamples = 0;
  #startMs: number | null = null;
  #expectedByMs = 0;
  #earlier: number | null = null;

  took(samples: number, atMs: number): void {
    if (this.#startMs === null || atMs > this.#expectedByMs) this.#restart(atMs);
    this.#expectedByMs = atMs + LIMITS.jitterMaxMs;
    this.#sentSamples += samples;
    const arrivedMs = atMs - (this.#startMs ?? atMs);
    const sentMs = this.#sentSamples / SAMPLES_PER_MS;
    if (arrivedMs >= this.#stretchEndsMs) {
      if (this.#best !== null) this.#line.add(this.#best);
      this.#best = null;
      this.#stretchEndsMs = arrivedMs + STRETCH_MS;
    }
    const best = this.#best;
    if (best === null || sentMs - arrivedMs > best.sentMs - best.arrivedMs) {
      this.#best = { arrivedMs, sentMs };
    }
  }

  /** Audio that was sent and will not come. */
  lost(samples: number): void {
    this.#sentSamples += samples;
    this.#expectedByMs += samples / SAMPLES_PER_MS;
  }

  /** Parts per million, to one decimal; positive when the sender is fast. */
  get ppm(): number | null {
    const slope = this.#sentSamples < MINUTE_MS * SAMPLES_PER_MS ? null : this.#line.slope;
    return slope === null ? this.#earlier : Math.round((slope - 1) * 10_000_000) / 10;
  }

  #restart(atMs: number): void {
    this.#earlier = this.ppm;
    this.#line = new Line();
    this.#best = null;
    this.#stretchEndsMs = STRETCH_MS;
    this.#sentSamples = 0;
    this.#startMs = atMs;
  }
}
