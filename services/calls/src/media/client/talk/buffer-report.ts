import type { MediaEvent } from '@earshot/protocol';

export type BufferEvent = Extract<MediaEvent, { type: 'buffer' }>;

/** Tells a talker how far it is ahead: when a watermark is crossed, and every `everyMs` above the upper one. */
export class BufferReport {
  readonly #marks: { readonly pauseMs: number; readonly resumeMs: number; readonly everyMs: number };
  #isAbove = false;
  #reportedAt = 0;

  constructor(marks: { readonly pauseMs: number; readonly resumeMs: number; readonly everyMs: number }) {
    this.#marks = marks;
  }

  /** The report that is due at `now` (monotonic ms), if one is. */
  due(bufferedMs: number, now: number): BufferEvent | undefined {
    const { pauseMs, resumeMs, everyMs } = this.#marks;
    const wasAbove = this.#isAbove;
    // Between the watermarks nothing changes: a fill level that swings there is not worth a message.
    this.#isAbove = wasAbove ? bufferedMs > resumeMs : bufferedMs >= pauseMs;
    const isDue =
      this.#isAbove !== wasAbove || (bufferedMs >= pauseMs && wasAbove && now - this.#reportedAt >= everyMs);
    if (!isDue) return undefined;
    this.#reportedAt = now;
    return { type: 'buffer', bufferedMs: Math.round(bufferedMs), pauseMs, resumeMs };
  }
}
