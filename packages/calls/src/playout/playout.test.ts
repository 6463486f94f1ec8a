import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import type { PlayoutEvent } from '../ports.ts';
import { ArrayClip } from '../testing/array-clip.ts';
import { createPlayout } from './playout.ts';

const TICK = 320;
const SILENCE = new Int16Array(TICK);

function setUp() {
  const events: PlayoutEvent[] = [];
  const playout = createPlayout({ onEvent: (event) => events.push(event) });
  /** What was told since the last call. */
  const told = () => events.splice(0);
  const ticks = (count: number) => Array.from({ length: count }, () => [...playout.tick()]).flat();
  return { playout, told, ticks };
}

const of = (value: number, count: number) => new Int16Array(count).fill(value);
const list = (value: number, count: number) => [...of(value, count)];
const played = (name: string): PlayoutEvent => ({ type: 'mark', name, state: 'played' });
const cleared = (name: string): PlayoutEvent => ({ type: 'mark', name, state: 'cleared' });
const started = (playId: string): PlayoutEvent => ({ type: 'play_started', playId });
const over = (playId: string, heardSamples: number, complete = true): PlayoutEvent => ({
  type: 'play_ended',
  playId,
  heardSamples,
  complete,
});

describe('what a talker says', () => {
  it('comes out at once and in order, with silence behind it', () => {
    const { playout, ticks } = setUp();
    expect(playout.tick()).toEqual(SILENCE);
    playout.talk(Int16Array.of(1, 2, 3));
    playout.talk(of(4, TICK));
    expect(playout.bufferedMs).toBe(21);
    expect(ticks(2)).toEqual([1, 2, 3, ...list(4, TICK), ...list(0, TICK - 3)]);
    expect(playout.bufferedMs).toBe(0);
    expect(playout.figures).toEqual({
      received: TICK + 3,
      insertedSilence: TICK + TICK - 3,
      dropped: 0,
    });
  });

  it('is refused as a whole when more than the most would wait', () => {
    const { playout } = setUp();
    const most = LIMITS.talkMaxMs * 16;
    expect(playout.talk(of(1, most - 1))).toBe(true);
    expect(playout.talk(of(1, 2))).toBe(false);
    expect(playout.talk(of(1, 1))).toBe(true);
    expect(playout.talk(of(1, 1))).toBe(false);
    expect(playout.bufferedMs).toBe(LIMITS.talkMaxMs);
    expect(playout.figures).toEqual({ received: most + 3, insertedSilence: 0, dropped: 3 });
    playout.tick();
    expect(playout.talk(of(1, TICK))).toBe(true);
  });

  it('is not heard while muted, though it runs on', () => {
    const { playout, told, ticks } = setUp();
    playout.talk(of(7, 3 * TICK));
    playout.mark('end');
    playout.mute(true);
    expect(playout.tick()).toEqual(SILENCE);
    playout.mute(false);
    expect(ticks(2)).toEqual(list(7, 2 * TICK));
    playout.tick();
    expect(told()).toEqual([played('end')]);
    expect(playout.figures.insertedSilence).toBe(TICK);
  });

  it('hands out arrays that it does not touch again, and keeps none that it was given', () => {
    const { playout } = setUp();
    const said = of(3, 2 * TICK);
    playout.talk(said);
    said.fill(9);
    const first = playout.tick();
    first.fill(5);
    expect(playout.tick()).toEqual(of(3, TICK));
    expect(first).toEqual(of(5, TICK));
  });
});

describe('marks', () => {
  it('are answered by the tick after the one that played the last sample before them', () => {
    const { playout, told } = setUp();
    playout.talk(of(1, TICK));
    playout.mark('a');
    playout.talk(of(1, 1));
    playout.mark('b');
    playout.mark('c');
    playout.tick();
    expect(told()).toEqual([]);
    playout.tick();
    expect(told()).toEqual([played('a')]);
    playout.tick();
    expect(told()).toEqual([played('b'), played('c')]);
  });

  it('are answered at the next tick when nothing waits', () => {
    const { playout, told } = setUp();
    playout.mark('now');
    expect(told()).toEqual([]);
    playout.tick();
    expect(told()).toEqual([played('now')]);
  });

  it('are told as cleared with the audio before them, those of audio that went out as played', () => {
    const { playout, told, ticks } = setUp();
    playout.talk(of(1, TICK));
    playout.mark('heard');
    playout.talk(of(2, TICK));
    playout.mark('dropped');
    playout.tick();
    playout.clear();
    expect(told()).toEqual([played('heard'), cleared('dropped')]);
    expect(playout.bufferedMs).toBe(0);
    playout.talk(of(3, TICK));
    playout.mark('later');
    expect(ticks(2)).toEqual([...list(3, TICK), ...SILENCE]);
    expect(told()).toEqual([played('later')]);
  });
});

describe('clips', () => {
  it('play one after the other without a hole, even of odd lengths, and tell when each was over', () => {
    const { playout, told, ticks } = setUp();
    const clips = [
      new ArrayClip('one', [list(1, 100)]),
      new ArrayClip('two', [list(2, 50), list(2, 50)]),
      new ArrayClip('none', []),
      new ArrayClip('three', [list(3, TICK)]),
    ];
    for (const clip of clips) expect(playout.play(clip)).toBe(true);
    expect(told()).toEqual([]);
    expect(ticks(1)).toEqual([...list(1, 100), ...list(2, 100), ...list(3, TICK - 200)]);
    expect(told()).toEqual([
      started('one'),
      over('one', 100),
      started('two'),
      over('two', 100),
      over('none', 0),
      started('three'),
    ]);
    expect(ticks(1)).toEqual([...list(3, 200), ...list(0, TICK - 200)]);
    expect(told()).toEqual([over('three', TICK)]);
    expect(clips.map((clip) => clip.closed)).toEqual([1, 1, 1, 1]);
    expect(playout.figures).toEqual({ received: 520, insertedSilence: TICK - 200, dropped: 0 });
  });

  it('leave silence where nothing is ready, and go on with their own next sample', () => {
    const { playout, told, ticks } = setUp();
    playout.play(new ArrayClip('slow', [[], list(1, 5), [], list(2, 5)]));
    expect(ticks(1)).toEqual([...SILENCE]);
    expect(told()).toEqual([]);
    expect(ticks(2)).toEqual([...list(1, 5), ...list(0, TICK - 5), ...list(2, 5), ...list(0, TICK - 5)]);
    expect(told()).toEqual([started('slow'), over('slow', 10)]);
  });

  it('are mixed with talk as a clipped sum', () => {
    const { playout } = setUp();
    playout.talk(of(30_000, 10));
    playout.play(new ArrayClip('loud', [[...list(10_000, 5), ...list(-31_000, 10)]]));
    expect([...playout.tick().subarray(0, 16)]).toEqual([
      ...list(32_767, 5),
      ...list(-1000, 5),
      ...list(-31_000, 5),
      0,
    ]);
    expect(playout.figures).toEqual({ received: 25, insertedSilence: TICK - 15, dropped: 0 });
  });

  it('count as heard only while the call is not muted', () => {
    const { playout, told } = setUp();
    playout.play(new ArrayClip('half', [list(1, 3 * TICK)]));
    playout.tick();
    playout.mute(true);
    expect(playout.tick()).toEqual(SILENCE);
    playout.mute(false);
    expect(playout.tick()).toEqual(of(1, TICK));
    playout.tick();
    expect(told()).toEqual([started('half'), over('half', 2 * TICK)]);
  });

  it('stay when talk is cleared, and go with `clips`, those that wait too', () => {
    const { playout, told } = setUp();
    const clips = [new ArrayClip('on', [list(1, 900)]), new ArrayClip('waiting', [list(2, 900)])];
    for (const clip of clips) playout.play(clip);
    playout.tick();
    playout.clear();
    expect(playout.tick()).toEqual(of(1, TICK));
    playout.clear({ clips: true });
    expect(playout.tick()).toEqual(SILENCE);
    expect(told()).toEqual([started('on'), over('on', 2 * TICK, false), over('waiting', 0, false)]);
    expect(clips.map((clip) => clip.closed)).toEqual([1, 1]);
  });

  it('wait up to the most, beside the one that plays; more are refused and stay open', () => {
    const { playout } = setUp();
    const clip = () => new ArrayClip('x', [list(1, 10_000)]);
    for (let index = 0; index < LIMITS.maxQueuedPlays; index += 1) expect(playout.play(clip())).toBe(true);
    const refused = clip();
    expect(playout.play(refused)).toBe(false);
    expect(refused.closed).toBe(0);
    playout.tick();
    expect(playout.play(refused)).toBe(true);
    expect(playout.play(clip())).toBe(false);
  });
});

describe('the end of a call', () => {
  it('ends clips and marks, and takes nothing more', () => {
    const { playout, told } = setUp();
    const clip = new ArrayClip('cut', [list(1, 1000)]);
    playout.play(clip);
    playout.talk(of(1, 1000));
    playout.mark('never');
    playout.tick();
    playout.end();
    playout.end();
    expect(told()).toEqual([started('cut'), cleared('never'), over('cut', TICK, false)]);
    expect(clip.closed).toBe(1);
    const { figures } = playout;
    expect(playout.talk(of(1, 1))).toBe(false);
    expect(playout.play(new ArrayClip('late', []))).toBe(false);
    playout.mark('late');
    expect(told()).toEqual([cleared('late')]);
    expect(playout.tick()).toEqual(SILENCE);
    expect(playout.figures).toEqual(figures);
  });

  it('lets whoever is told of an event call back, and tells in order', () => {
    const names: string[] = [];
    const playout = createPlayout({
      onEvent: (event) => {
        names.push(event.type === 'mark' ? `${event.name} ${event.state}` : event.type);
        if (event.type === 'play_ended') playout.play(new ArrayClip('again', []));
        if (event.type === 'mark' && event.name === 'a') playout.clear();
      },
    });
    playout.mark('a');
    playout.mark('b');
    playout.play(new ArrayClip('first', []));
    playout.tick();
    expect(names).toEqual(['a played', 'b played', 'play_ended']);
    playout.tick();
    expect(names).toHaveLength(4);
  });
});
