import { createTrackInspector } from '@earshot/audio';
import type { ProcessingIssue, TrackName } from '@earshot/protocol';
import type { IntakeTime } from '../ports.ts';
import type { TrackLine } from './track-line.ts';

/** Watches the tracks of a session for audio that is not what its sender thinks. */
export class TrackQuality {
  readonly #time: Pick<IntakeTime, 'elapsedMs'>;
  readonly #warn: (issue: ProcessingIssue) => void;
  readonly #inspectors = new Map<TrackName, ReturnType<typeof createTrackInspector>>();

  constructor(time: Pick<IntakeTime, 'elapsedMs'>, warn: (issue: ProcessingIssue) => void) {
    this.#time = time;
    this.#warn = warn;
  }

  /** Takes samples that the line has taken. */
  take(line: TrackLine, samples: Int16Array): void {
    const { track, sampleRate } = line;
    let inspector = this.#inspectors.get(track);
    if (inspector === undefined) {
      inspector = createTrackInspector({ track, sampleRate });
      this.#inspectors.set(track, inspector);
    }
    const facts = { elapsedMs: this.#time.elapsedMs(), spokenSamples: line.spoken };
    for (const issue of inspector.push(samples, facts)) this.#warn(issue);
  }
}
