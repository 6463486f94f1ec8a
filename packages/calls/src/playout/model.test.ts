import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clipSum } from '../mix/clip-sum.ts';
import type { PlayoutEvent } from '../ports.ts';
import { ArrayClip } from '../testing/array-clip.ts';
import { createPlayout } from './playout.ts';

const TICK = 320;

/** What a playout should do, with plain arrays: talk, marks between its samples, and clips that are always ready. */
class Model {
  talk: number[] = [];
  marks: { name: string; behind: number }[] = [];
  clips: { playId: string; samples: number[]; heard: number; started: boolean }[] = [];
  muted = false;
  readonly events: PlayoutEvent[] = [];

  tick(): Int16Array {
    this.#answer();
    const said = this.talk.splice(0, TICK);
    for (const mark of this.marks) mark.behind -= said.length;
    const clips: number[] = [];
    while (clips.length < TICK) {
      const clip = this.clips[0];
      if (clip === undefined) break;
      if (clip.samples.length === 0) {
        this.#over(true);
        continue;
      }
      if (!clip.started) this.events.push({ type: 'play_started', playId: clip.playId });
      clip.started = true;
      const piece = clip.samples.splice(0, TICK - clips.length);
      if (!this.muted) clip.heard += piece.length;
      clips.push(...piece);
    }
    const mixed = clipSum(clipSum(Int16Array.from(said), Int16Array.from(clips)), new Int16Array(TICK));
    return this.muted ? new Int16Array(TICK) : mixed;
  }

  clear(clips: boolean): void {
    this.#answer();
    for (const { name } of this.marks.splice(0)) this.events.push({ type: 'mark', name, state: 'cleared' });
    this.talk = [];
    while (clips && this.clips.length > 0) this.#over(false);
  }

  #answer(): void {
    while (this.marks[0] !== undefined && this.marks[0].behind <= 0) {
      this.events.push({ type: 'mark', name: this.marks.shift()!.name, state: 'played' });
    }
  }

  #over(complete: boolean): void {
    const clip = this.clips.shift();
    if (clip === undefined) return;
    const { playId, heard: heardSamples } = clip;
    this.events.push({ type: 'play_ended', playId, heardSamples, complete });
  }
}

const input = fc.oneof(
  fc
    .record({ length: fc.nat(1200), level: fc.integer({ min: -32_768, max: 32_767 }) })
    .map((talk) => ({ talk })),
  fc
    .record({ length: fc.nat(900), level: fc.integer({ min: -32_768, max: 32_767 }) })
    .map((play) => ({ play })),
  fc.constant({ mark: true }),
  fc.boolean().map((muted) => ({ muted })),
  fc.boolean().map((clips) => ({ clear: clips })),
  fc.integer({ min: 1, max: 6 }).map((ticks) => ({ ticks })),
  fc.integer({ min: 1, max: 6 }).map((ticks) => ({ ticks })),
);

/** Whether the samples are the same; `toEqual` takes its time over thousands of them. */
function same(a: Int16Array, b: Int16Array): boolean {
  return a.length === b.length && a.every((sample, index) => sample === b[index]);
}

describe('createPlayout', () => {
  it('plays to the sample what a plain model plays, and tells the same, whatever is asked of it', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        const model = new Model();
        const events: PlayoutEvent[] = [];
        const playout = createPlayout({ onEvent: (event) => events.push(event) });
        const samplesOf = (sound: { length: number; level: number }) =>
          Array.from({ length: sound.length }, (_, at) => sound.level - Math.sign(sound.level) * (at % 50));
        inputs.forEach((step, index) => {
          if ('talk' in step) {
            expect(playout.talk(Int16Array.from(samplesOf(step.talk)))).toBe(true);
            model.talk.push(...samplesOf(step.talk));
          } else if ('play' in step) {
            const playId = `play ${index}`;
            const taken = playout.play(
              new ArrayClip(
                playId,
                [samplesOf(step.play)].filter((a) => a.length),
              ),
            );
            const clip = { playId, samples: samplesOf(step.play), heard: 0, started: false };
            if (taken) model.clips.push(clip);
            else expect(model.clips.length).toBeGreaterThanOrEqual(16);
          } else if ('mark' in step) {
            playout.mark(`mark ${index}`);
            model.marks.push({ name: `mark ${index}`, behind: model.talk.length });
          } else if ('muted' in step) {
            playout.mute(step.muted);
            model.muted = step.muted;
          } else if ('clear' in step) {
            playout.clear({ clips: step.clear });
            model.clear(step.clear);
          } else {
            for (let tick = 0; tick < step.ticks; tick += 1)
              expect(same(playout.tick(), model.tick())).toBe(true);
          }
          expect(playout.bufferedMs).toBe(Math.ceil(model.talk.length / 16));
        });
        playout.end();
        model.clear(true);
        expect(events).toEqual(model.events);
      }),
      { numRuns: 150 },
    );
  });
});
