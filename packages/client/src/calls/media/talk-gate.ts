/** How far a talker is ahead of what the peer has heard, as the server tells it, ms. */
export interface FillLevel {
  readonly bufferedMs: number;
  readonly pauseMs: number;
  readonly resumeMs: number;
}

/** Shuts when the server says that a talker is too far ahead, and opens when it has caught up (WADial, back-pressure). */
export class TalkGate {
  #isShut = false;

  get isShut(): boolean {
    return this.#isShut;
  }

  /** Between the two levels nothing changes. */
  told({ bufferedMs, pauseMs, resumeMs }: FillLevel): void {
    if (bufferedMs >= pauseMs) this.#isShut = true;
    else if (bufferedMs <= resumeMs) this.#isShut = false;
  }

  /** Nothing is on its way to the peer any more. */
  cleared(): void {
    this.#isShut = false;
  }
}
