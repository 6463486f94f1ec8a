import { encodePcm16le } from '@earshot/audio';
import { createPlayout } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Listeners } from '../host/sound/listeners.ts';
import { type MediaBench, startMediaBench } from './testing/media-bench.ts';
import { createMemoryCalls } from './testing/memory-calls.ts';

const RATE = LIMITS.callSampleRate;

let bench: MediaBench;
let timer: NodeJS.Timeout;
const heard: Int16Array[] = [];

/** What the peer heard, from the first sound on. */
function heardSamples(): Int16Array {
  const all = new Int16Array(heard.length * 320);
  for (const [index, tick] of heard.entries()) all.set(tick, index * 320);
  return all.subarray(
    Math.max(
      0,
      all.findIndex((sample) => sample !== 0),
    ),
  );
}

beforeEach(async () => {
  heard.length = 0;
  const memory = createMemoryCalls();
  memory.add({ callId: 'call_a' });
  const playout = createPlayout({
    onEvent: (event) => {
      if (event.type === 'mark') listeners.marked(event.name, event.state);
    },
  });
  const listeners = new Listeners('call_a', playout);
  // Never two ticks at once: a machine that stalls must not look like a client that came too late.
  timer = setInterval(() => {
    heard.push(playout.tick());
    listeners.tick();
  }, LIMITS.callTickMs);
  bench = await startMediaBench({
    calls: { ...memory, attach: (_callId, mode, listener) => listeners.attach(mode, listener) },
  });
});

afterEach(async () => {
  clearInterval(timer);
  await bench.close();
});

describe('a call’s own playout behind the media socket', () => {
  it('plays what a plain client sent at once without a hole, though its socket is read in turns', async () => {
    const client = await bench.join(bench.path('call_a', 'talk'));
    const samples = 4 * RATE;
    for (let at = 0; at < samples; at += 960) client.socket.send(encodePcm16le(computedAudio(1, at, 960)));
    await until(() => heardSamples().length >= samples, { timeoutMs: 20_000 });
    expect(findAudioDifference(heardSamples().subarray(0, samples), { seed: 1, samples })).toBeNull();
  });

  it('answers a mark when what came before it was played, and not sooner', async () => {
    const client = await bench.join(bench.path('call_a', 'talk'), { protocols: ['earshot.media.v1'] });
    client.socket.send(encodePcm16le(computedAudio(1, 0, RATE)));
    client.socket.send('{"type":"mark","name":"end"}');
    await until(() => client.events().some(({ type }) => type === 'mark'));
    expect(heardSamples().length).toBeGreaterThanOrEqual(RATE);
    expect(client.events().at(-1)).toEqual({ type: 'mark', name: 'end', state: 'played' });
    expect(client.events().filter(({ type }) => type === 'buffer')[0]).toMatchObject({
      pauseMs: 500,
      resumeMs: 250,
    });
  });

  it('drops what was not heard when the client clears it', async () => {
    const client = await bench.join(bench.path('call_a', 'talk'), { protocols: ['earshot.media.v1'] });
    client.socket.send(encodePcm16le(computedAudio(1, 0, 20 * RATE)));
    await until(() => heardSamples().length > 0);
    client.socket.send('{"type":"clear"}');
    client.socket.send('{"type":"mark","name":"after"}');
    await until(() => client.events().some(({ type }) => type === 'mark'));
    expect(heardSamples().length).toBeLessThan(5 * RATE);
  });
});
