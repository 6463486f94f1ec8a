import { computedAudio, findAudioDifference } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Cut, startCuttingProxy } from '../testing/cutting-proxy.ts';
import { startResumableServer } from '../testing/resumable-server.ts';
import { openAudioStream, type StreamOptions } from './audio-stream.ts';

const SEED = 7;
const SAMPLES = 200_000;
const BUFFER_BYTES = 131_072;
const quick = {
  retry: { baseDelayMs: 2, maxDelayMs: 20 },
  bufferBytes: BUFFER_BYTES,
  stallMs: 250,
  connectTimeoutMs: 250,
};

/** Cuts in the handshake, in the first frames, anywhere in the audio or in an ack; some without a reset. */
const cut = fc.record(
  {
    upBytes: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 200_000 })),
    downBytes: fc.integer({ min: 1, max: 3000 }),
    swallow: fc.boolean(),
  },
  { requiredKeys: ['upBytes'] },
);
const pieceSamples = fc.integer({ min: 50, max: 20_000 });

interface Run {
  readonly cuts: readonly Cut[];
  readonly pieces: number;
  readonly transport: StreamOptions['transport'];
  readonly crashes: boolean;
}

/** Streams computed audio through a network that breaks as planned, and says what the server has of it. */
async function streamThrough({ cuts, pieces, transport, crashes }: Run) {
  const server = await startResumableServer({ creditBytes: 65_536, commitMs: 8 });
  const proxy = await startCuttingProxy(server.port, (connection) => {
    // A crash between two connections: what was not durable is gone.
    if (crashes && connection > 0 && connection <= cuts.length) server.crash();
    return cuts[connection];
  });
  try {
    let mostHeld = 0;
    const stream = await openAudioStream(server.socketUrl.replace(`:${server.port}/`, `:${proxy.port}/`), {
      ...quick,
      ...(transport === undefined ? {} : { transport }),
      onProgress: ({ accepted, durable }) => {
        mostHeld = Math.max(mostHeld, (accepted - durable) * 2);
      },
    });
    for (let at = 0; at < SAMPLES; at += pieces) {
      await stream.send(computedAudio(SEED, at, Math.min(pieces, SAMPLES - at)));
    }
    const end = await stream.stop();
    const difference = findAudioDifference(server.audio(), { seed: SEED, samples: SAMPLES });
    return { end, difference, mostHeld, progress: stream.progress, cuts: proxy.cuts };
  } finally {
    await proxy.close();
    await server.close();
  }
}

describe('a stream over a network that breaks at random bytes', () => {
  it.each([
    ['WebSocket', 'websocket'],
    ['HTTP', 'http'],
    ['whatever goes through', 'auto'],
  ] as const)(
    'arrives whole and once over %s',
    async (_name, transport) => {
      let cutsMade = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(cut, { minLength: 2, maxLength: 8 }),
          pieceSamples,
          fc.boolean(),
          async (cuts, pieces, crashes) => {
            const outcome = await streamThrough({ cuts, pieces, transport, crashes });
            cutsMade += outcome.cuts;
            expect(outcome.difference).toBeNull();
            expect(outcome.end.code).toBe(1000);
            expect(outcome.progress).toMatchObject({ accepted: SAMPLES, sent: SAMPLES, durable: SAMPLES });
            expect(outcome.mostHeld).toBeLessThanOrEqual(BUFFER_BYTES);
          },
        ),
        { numRuns: 8, endOnFailure: true },
      );
      // Some planned cuts lie behind the end of the stream; that some came about is what counts.
      expect(cutsMade).toBeGreaterThan(4);
    },
    90_000,
  );
});
