import type { IntakeFrame } from '@earshot/intake';
import type { TrackName } from '@earshot/protocol';

/** Audio of one track that came together. */
interface Run {
  readonly frames: IntakeFrame[];
  samples: number;
}

/** Joins the frames of each track, since a frame costs its way more than its samples do. */
export class GatheredAudio {
  readonly #runs = new Map<TrackName, Run>();

  add(frame: IntakeFrame): void {
    const run = this.#runs.get(frame.track);
    if (run === undefined) {
      this.#runs.set(frame.track, { frames: [frame], samples: frame.samples.length });
      return;
    }
    run.frames.push(frame);
    run.samples += frame.samples.length;
  }

  /** One frame for each track that has audio; a track whose rate changes gives what it has of each rate. */
  take(): IntakeFrame[] {
    const joined = [...this.#runs.values()].flatMap(({ frames, samples }) => join(frames, samples));
    this.#runs.clear();
    return joined;
  }
}

function join(frames: readonly IntakeFrame[], samples: number): readonly IntakeFrame[] {
  const [first] = frames;
  if (first === undefined || frames.length === 1) return frames;
  if (frames.some(({ sampleRate }) => sampleRate !== first.sampleRate)) return frames;
  const all = new Int16Array(samples);
  let at = 0;
  for (const frame of frames) {
    all.set(frame.samples, at);
    at += frame.samples.length;
  }
  return [{ track: first.track, sampleRate: first.sampleRate, samples: all }];
}
