import { LIMITS } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MediaBench, startMediaBench } from './testing/media-bench.ts';

const TICK = (LIMITS.callSampleRate * LIMITS.callTickMs) / 1000;
const FRAMES = 40;

let bench: MediaBench;

beforeEach(async () => {
  bench = await startMediaBench();
});
afterEach(() => bench.close());

describe('a frame of the peer’s audio', () => {
  it('is sent with the tick that completes it, which is printed in milliseconds', async () => {
    const call = bench.calls.add({ callId: 'call_a' });
    const client = await bench.join(bench.path('call_a', 'listen'));
    const [sentAt, heardAt]: [number[], number[]] = [[], []];
    client.socket.on('message', () => heardAt.push(performance.now()));
    const ticks = (FRAMES * LIMITS.mediaFrameBytes) / 2 / TICK;
    for (let tick = 1; tick <= ticks; tick += 1) {
      const samples = computedAudio(1, (tick - 1) * TICK, TICK);
      if ((tick * TICK * 2) % LIMITS.mediaFrameBytes === 0) sentAt.push(performance.now());
      call.hear(samples);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => heardAt.length === FRAMES);
    const took = heardAt.map((at, index) => at - (sentAt[index] ?? 0)).toSorted((a, b) => a - b);
    const [median = 0, worst = 0] = [took[FRAMES / 2], took[FRAMES - 1]];
    process.stdout.write(
      `media frame, call to client: median ${median.toFixed(2)} ms, worst ${worst.toFixed(2)} ms\n`,
    );
    const heard = client.bytes();
    const samples = new Int16Array(heard.buffer.slice(heard.byteOffset, heard.byteOffset + heard.length));
    expect(findAudioDifference(samples, { seed: 1, samples: ticks * TICK })).toBeNull();
    expect(client.binary).toHaveLength(FRAMES);
  });
});
