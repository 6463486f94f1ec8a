import type { SampleReader } from '@earshot/calls';
import { EarshotError, LIMITS, type MediaEvent } from '@earshot/protocol';
import type { MediaTap } from '../../../ports.ts';
import { type Closing, closingFor } from '../closing.ts';
import { type BufferEvent, BufferReport } from './buffer-report.ts';
import { readCommand } from './client-command.ts';
import { type Reading, type ReadMarks, TalkLine } from './talk-line.ts';

/** The client that a talker belongs to. */
export interface TalkerOwner {
  say(event: MediaEvent): void;
  speaksText(): void;
  malformed(): void;
  close(closing: Closing): void;
  event(event: MediaEvent): void;
}

export interface TalkerParts {
  readonly tap: MediaTap;
  readonly reader: SampleReader;
  readonly reading: Reading;
  readonly hasTexts: boolean;
}

/** A client that only gets audio shows by nothing that it minds its fill level, so TCP makes it. */
const PLAIN_MARKS: ReadMarks = { pauseMs: LIMITS.talkPauseMs, resumeMs: LIMITS.talkResumeMs };
/** One that is told its fill level is read up to the most that the call takes, so that a `clear` gets through. */
const TOLD_MARKS: ReadMarks = { pauseMs: Number.POSITIVE_INFINITY, resumeMs: LIMITS.talkMaxMs / 2 };

/** What a client says into a call: audio, marks, clear; and what it has to be told about that. */
export class Talker {
  readonly #reader: SampleReader;
  readonly #line: TalkLine;
  readonly #owner: TalkerOwner;
  readonly #fill = new BufferReport({
    pauseMs: LIMITS.talkPauseMs,
    resumeMs: LIMITS.talkResumeMs,
    everyMs: LIMITS.mediaBufferReportMs,
  });
  #malformed = 0;
  #openMarks = 0;

  constructor({ tap, reader, reading, hasTexts }: TalkerParts, owner: TalkerOwner) {
    this.#reader = reader;
    this.#line = new TalkLine(tap, reading, hasTexts ? TOLD_MARKS : PLAIN_MARKS);
    this.#owner = owner;
  }

  /** True while something that was said has not reached the call. */
  get isHolding(): boolean {
    return this.#line.isHolding;
  }

  /** Samples that were no number or beyond full scale, and were put right. */
  get repairedSamples(): number {
    return this.#reader.repairedSamples;
  }

  take(data: Uint8Array, isBinary: boolean): void {
    try {
      if (isBinary) this.#line.audio(this.#reader.push(data));
      else this.#obey(data);
    } catch (error) {
      if (!(error instanceof EarshotError)) throw error;
      this.#skip(error);
    }
  }

  /** Moves on what is held; returns the report of the fill level that is due, if one is. */
  advance(now: number): BufferEvent | undefined {
    this.#line.pump();
    return this.#fill.due(this.#line.bufferedMs, now);
  }

  markAnswered(): void {
    this.#openMarks -= 1;
  }

  #obey(data: Uint8Array): void {
    this.#line.marks = TOLD_MARKS;
    this.#owner.speaksText();
    const command = readCommand(data);
    if (command === null) return;
    if (command.type === 'clear') {
      for (const name of this.#line.clear()) this.#owner.event({ type: 'mark', name, state: 'cleared' });
      return;
    }
    if (this.#openMarks >= LIMITS.maxOpenMarks) {
      throw new EarshotError('rate_limit_exceeded', { message: 'Too many marks have not been answered.' });
    }
    this.#openMarks += 1;
    this.#line.mark(command.name);
  }

  /** One bad message costs a client nothing but that message; many mean that it speaks something else. */
  #skip(error: EarshotError): void {
    this.#malformed += 1;
    this.#owner.malformed();
    this.#owner.say({ type: 'error', code: error.code, message: error.message });
    if (this.#malformed > LIMITS.maxMalformedFrames) this.#owner.close(closingFor(error.code));
  }
}
