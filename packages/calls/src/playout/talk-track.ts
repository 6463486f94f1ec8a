import { LIMITS } from '@earshot/protocol';
import type { PlayoutEvent } from '../ports.ts';
import { SampleRing } from '../ring/sample-ring.ts';
import { SAMPLES_PER_MS } from '../tick.ts';

interface Mark {
  readonly name: string;
  /** Samples that go out before it, since the track began. */
  readonly position: number;
}

/** What a talker has said and nobody has heard yet, with the marks between. */
export class TalkTrack {
  readonly #ring = new SampleRing(LIMITS.talkMaxMs * SAMPLES_PER_MS);
  readonly #tell: (event: PlayoutEvent) => void;
  #marks: Mark[] = [];
  /** Samples that went out. */
  #passed = 0;

  constructor(tell: (event: PlayoutEvent) => void) {
    this.#tell = tell;
  }

  get waiting(): number {
    return this.#ring.length;
  }

  /** False when it does not fit: nothing of it was taken. */
  say(samples: Int16Array): boolean {
    if (samples.length > this.#ring.room) return false;
    this.#ring.push(samples);
    return true;
  }

  mark(name: string): void {
    this.#marks.push({ name, position: this.#passed + this.#ring.length });
  }

  /** Answers the marks whose audio went out in earlier ticks. */
  answerMarks(): void {
    let answered = 0;
    for (const mark of this.#marks) {
      if (mark.position > this.#passed) break;
      this.#tell({ type: 'mark', name: mark.name, state: 'played' });
      answered += 1;
    }
    if (answered > 0) this.#marks.splice(0, answered);
  }

  /** Moves what comes next to the start of `out`; tells how many samples. */
  read(out: Int16Array): number {
    const count = this.#ring.shift(out);
    this.#passed += count;
    return count;
  }

  clear(): void {
    this.answerMarks();
    for (const { name } of this.#marks) this.#tell({ type: 'mark', name, state: 'cleared' });
    this.#marks = [];
    this.#ring.drop(this.#ring.length);
  }
}
