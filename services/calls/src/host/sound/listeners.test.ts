import { createPlayout } from '@earshot/calls';
import { describe, expect, it } from '@jest/globals';
import type { MediaListener } from '../../ports.ts';
import { Listeners } from './listeners.ts';

function client(): MediaListener & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    audio: () => undefined,
    event: (event) => told.push(event.type === 'mark' ? `${event.name} ${event.state}` : event.type),
    superseded: () => told.push('superseded'),
  };
}

describe('a talker who takes over', () => {
  it('hears of its own marks and not of those of the talker before', () => {
    const playout = createPlayout({
      onEvent: (event) => event.type === 'mark' && listeners.marked(event.name, event.state),
    });
    const listeners = new Listeners('call_1', playout);
    const [older, newer] = [client(), client()];
    const first = listeners.attach('talk', older);
    first.talk(new Int16Array(320));
    first.mark('of the older');
    const second = listeners.attach('talk', newer);
    second.talk(new Int16Array(320));
    second.mark('of the newer');
    for (let tick = 0; tick < 4; tick += 1) playout.tick();
    expect(older.told).toEqual(['superseded', 'of the older played']);
    expect(newer.told).toEqual(['of the newer played']);
  });
});
