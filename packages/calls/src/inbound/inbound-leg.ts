import { type LegFigures, LIMITS } from '@earshot/protocol';
import type { InboundLeg } from '../ports.ts';
import { SampleRing } from '../ring/sample-ring.ts';
import { SAMPLES_PER_MS, SILENCE, TICK_SAMPLES } from '../tick.ts';
import { DriftGauge } from './drift-gauge.ts';
import { HoleList } from './hole-list.ts';
import { Surplus } from './surplus.ts';

const TARGET = LIMITS.jitterTargetMs * SAMPLES_PER_MS;
const MOST = LIMITS.jitterMaxMs * SAMPLES_PER_MS;
/** Ticks after which audio is played although less than the target has come. */
const LONGEST_HOLD = LIMITS.jitterTargetMs / LIMITS.callTickMs;
/** Audio below this magnitude (-40 dB) may be left out without being missed. */
const QUIET = 328;

class ClockedLeg implements InboundLeg {
  readonly #ring = new SampleRing(MOST);
  readonly #holes = new HoleList();
  readonly #surplus = new Surplus();
  readonly #drift = new DriftGauge();
  readonly #out = new Int16Array(TICK_SAMPLES);
  /** Position of the oldest sample that waits. */
  #position = 0;
  #flowing = false;
  #heldTicks = 0;
  #received = 0;
  #insertedSilence = 0;
  #dropped = 0;

  get figures(): LegFigures {
    return { received: this.#received, insertedSilence: this.#insertedSilence, dropped: this.#dropped };
  }

  get driftPpm(): number | null {
    return this.#drift.ppm;
  }

  push(samples: Int16Array, atMs: number): void {
    if (samples.length === 0) return;
    this.#received += samples.length;
    this.#drift.took(samples.length, atMs);
    const kept = samples.length > MOST ? samples.subarray(samples.length - MOST) : samples;
    this.#leaveOut(Math.max(0, kept.length - this.#ring.room));
    this.#dropped += samples.length - kept.length;
    this.#ring.push(kept);
  }

  lose(samples: number): void {
    if (this.#received === 0 || !(samples >= 1)) return;
    this.#drift.lost(samples);
    const silence = Math.min(Math.floor(samples), Math.max(0, TARGET - this.#ring.length));
    const from = this.#position + this.#ring.length;
    this.#ring.pushSilence(silence);
    this.#holes.add(from, from + silence);
  }

  tick(): Int16Array {
    if (!this.#flows()) {
      this.#insertedSilence += TICK_SAMPLES;
      return SILENCE;
    }
    const out = this.#out;
    if (this.#mayEase()) {
      this.#leaveOut(TICK_SAMPLES);
      this.#surplus.eased();
    }
    const count = this.#ring.shift(out);
    out.fill(0, count);
    this.#insertedSilence += TICK_SAMPLES - count + this.#pass(count);
    this.#flowing = count === TICK_SAMPLES;
    if (this.#surplus.mustEase(this.#ring.length)) this.#leaveOut(TICK_SAMPLES);
    return out;
  }

  /** Whether audio plays in this tick: it begins with the target, or with less after as much time. */
  #flows(): boolean {
    if (this.#flowing) return true;
    this.#flowing = this.#ring.length >= TARGET || (this.#ring.length > 0 && this.#heldTicks >= LONGEST_HOLD);
    this.#heldTicks = this.#flowing || this.#ring.length === 0 ? 0 : this.#heldTicks + 1;
    return this.#flowing;
  }

  #mayEase(): boolean {
    const enough = this.#ring.length >= TARGET + TICK_SAMPLES;
    return this.#surplus.present && enough && this.#ring.peak(TICK_SAMPLES) < QUIET;
  }

  #leaveOut(count: number): void {
    this.#ring.drop(count);
    this.#dropped += count - this.#pass(count);
  }

  /** The oldest samples are gone: tells how many of them were silence for lost audio. */
  #pass(count: number): number {
    this.#position += count;
    return this.#holes.passTo(this.#position);
  }
}

/**
 * The peer's audio of one call. It plays when LIMITS.jitterTargetMs wait, or after as much time with less; when it runs
 * dry, silence is put in and it waits again. Above LIMITS.jitterMaxMs the oldest goes. Audio that only adds delay is
 * left out a tick at a time: where it is quiet, or one tick a second where nothing is. Each sample that was received is
 * delivered once and in order, or counted as dropped, or still waits; what is delivered and inserted makes whole ticks.
 */
export function createInboundLeg(): InboundLeg {
  return new ClockedLeg();
}
