import { createStreamInspector } from '@earshot/audio';
import type { Gap, ProcessingIssue } from '@earshot/protocol';
import type { IntakeTime } from '../ports.ts';
import type { TrackLine } from './track-line.ts';

/** Watches the tracks of a session for audio that is not what its sender thinks. */
export class TrackQuality {
  readonly #time: Pick<IntakeTime, 'elapsedMs'>;
  readonly #warn: (issue: ProcessingIssue) => void;
  readonly #inspector = createStreamInspector();

  constructor(time: Pick<IntakeTime, 'elapsedMs'>, warn: (issue: ProcessingIssue) => void) {
    this.#time = time;
    this.#warn = warn;
  }

  /** Takes samples that the line has taken. */
  take(line: TrackLine, samples: Int16Array): void {
    const { track, sampleRate } = line;
    const facts = { elapsedMs: this.#time.elapsedMs(), spokenSamples: line.spoken };
    const firstSample = line.position - samples.length;
    for (const issue of this.#inspector.push({ track, sampleRate, samples, firstSample }, facts)) {
      this.#warn(issue);
    }
  }

  /** Samples that count on the track but never came. */
  gap({ track, from, to }: Gap): void {
    this.#inspector.gap(track, to - from);
  }
}
