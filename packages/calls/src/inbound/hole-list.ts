interface Hole {
  readonly from: number;
  readonly to: number;
}

/** Which of the samples that wait are silence for lost audio, by their position in the leg. */
export class HoleList {
  #holes: Hole[] = [];

  add(from: number, to: number): void {
    if (to > from) this.#holes.push({ from, to });
  }

  /** Forgets everything before a position, and tells how many samples of silence that was. */
  passTo(position: number): number {
    let silence = 0;
    while (this.#holes.length > 0) {
      const hole = this.#holes[0];
      if (hole === undefined || hole.from >= position) break;
      this.#holes.shift();
      silence += Math.min(hole.to, position) - hole.from;
      if (hole.to > position) this.#holes.unshift({ from: position, to: hole.to });
    }
    return silence;
  }
}
