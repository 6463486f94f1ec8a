import { computedAudio } from '@earshot/test-support';
import { RATE } from '../nodes/edge.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';

/** A microphone: its samples come at a steady pace from a moment on, and end. */
export class AudioSource {
  readonly seed: number;
  readonly totalSamples: number;
  readonly frameSamples: number;
  /** Virtual ms between two frames; real time is not needed. */
  readonly frameMs: number;
  readonly #scheduler: Scheduler;
  readonly #startMs: number;

  constructor(
    scheduler: Scheduler,
    options: { seed: number; totalSamples: number; frameSamples: number; pace: number; startMs: number },
  ) {
    this.#scheduler = scheduler;
    this.seed = options.seed;
    this.totalSamples = options.totalSamples;
    this.frameSamples = options.frameSamples;
    this.frameMs = ((options.frameSamples / RATE) * 1000) / options.pace;
    this.#startMs = options.startMs;
  }

  /** Samples that exist by now. */
  get produced(): number {
    const frames = Math.floor((this.#scheduler.nowMs - this.#startMs) / this.frameMs);
    return Math.max(0, Math.min(this.totalSamples, frames * this.frameSamples));
  }

  get complete(): boolean {
    return this.produced >= this.totalSamples;
  }

  /** Samples [from, to) of a computed stream. */
  samples(seed: number, from: number, to: number): Int16Array {
    return computedAudio(seed, from, to - from);
  }
}
