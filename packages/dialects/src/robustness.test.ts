import { LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StreamMessage } from './model/events.ts';
import { binary, play, text } from './testing/play.ts';

const word = fc.constantFrom(
  ...['start', 'media', 'stop', 'connected', 'mark', 'websocket:connected', 'setup', '__proto__', 'inbound'],
  ...['outbound', 'PCMU', 'audio/x-l16', 'PCM16', 'AAAA', '//8=', '2', '8000', '-1', 'toString', ''],
);
const key = fc.constantFrom(
  ...[
    'event',
    'type',
    'version',
    'start',
    'media',
    'mediaFormat',
    'media_format',
    'encoding',
    'sampleRate',
    'track',
  ],
  ...[
    'chunk',
    'timestamp',
    'payload',
    'streamSid',
    'stream_sid',
    'streamId',
    'stream_id',
    'callId',
    'call_id',
  ],
  ...['mixType', 'content-type', 'sequenceNumber', 'tracks', 'tag', 'channels', '__proto__', 'constructor'],
);
const { message: tree } = fc.letrec<{ value: unknown; message: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    word,
    fc.double(),
    fc.constantFrom(8000, 16000, 0, 1, null, true),
    tie('message'),
  ),
  message: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
}));
const eventful = fc.tuple(fc.constantFrom('start', 'media', 'stop', 'connected', 'mark'), tree);
const anyMessage: fc.Arbitrary<StreamMessage> = fc.oneof(
  eventful.map(([event, message]) => text({ ...message, event })),
  tree.map((message) => text(message)),
  fc.json().map((json) => text(json)),
  fc.uint8Array({ maxLength: 64 }).map((data) => ({ binary: false, data })),
  fc.uint8Array({ maxLength: 64 }).map((data) => ({ binary: true, data })),
);

describe('any input', () => {
  it('ends in audio or in an error of the catalogue, and leaves prototypes alone', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 30 }), (messages) => {
        const { events, stats } = play(messages);
        for (const event of events) {
          if (event.type === 'audio') expect(LIMITS.sampleRates).toContain(event.frame.sampleRate);
          if (event.type === 'gap') expect(event.samples).toBeGreaterThan(0);
        }
        expect(stats.malformedFrames).toBeLessThanOrEqual(LIMITS.maxMalformedFrames + 1);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it('decodes to the same however often it is played', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 15 }), (messages) => {
        expect(play(messages).events).toEqual(play(messages).events);
      }),
    );
  });
});

describe('any split of raw bytes', () => {
  it('gives the same samples, none lost and none doubled', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 33 }), { maxLength: 30 });
    fc.assert(
      fc.property(parts, (frames) => {
        const all = Buffer.concat(frames);
        const wanted = Array.from({ length: Math.floor(all.length / 2) }, (_, at) => all.readInt16LE(at * 2));
        const played = play(frames.map((frame) => binary(...frame)));
        expect(played.tracks.get('main') ?? []).toEqual(wanted);
        expect(played.stats.oddBytes).toBe(all.length % 2);
      }),
    );
  });
});

describe('any order inside the window', () => {
  const start = text({
    event: 'start',
    stream_id: 'a',
    start: {
      call_control_id: 'b',
      media_format: { encoding: 'L16', sample_rate: 16000, byte_order: 'little' },
    },
  });
  const frame = (chunk: number, bytes: Uint8Array, track: string) =>
    text({
      event: 'media',
      media: { track, chunk: String(chunk), payload: Buffer.from(bytes).toString('base64') },
    });
  const sent = fc.array(
    fc.record({
      bytes: fc.uint8Array({ maxLength: 12 }),
      delay: fc.integer({ min: 0, max: LIMITS.reorderWindowFrames }),
      track: fc.constantFrom('inbound', 'outbound'),
      twice: fc.boolean(),
    }),
    { maxLength: 60 },
  );

  it('gives the same samples on each track as the order of the numbers, with duplicates dropped', () => {
    fc.assert(
      fc.property(sent, fc.integer({ min: 0, max: 1000 }), (frames, first) => {
        const counts = { inbound: first, outbound: first };
        const numbered = frames.map((one, at) => ({
          ...one,
          chunk: counts[one.track as 'inbound']++,
          due: at + one.delay,
        }));
        const inOrder = play([start, ...numbered.map((one) => frame(one.chunk, one.bytes, one.track))]);
        const shuffled = numbered
          .toSorted((a, b) => a.due - b.due)
          .flatMap((one) => {
            const message = frame(one.chunk, one.bytes, one.track);
            return one.twice ? [message, message] : [message];
          });
        const played = play([start, ...shuffled]);
        for (const track of ['inbound', 'outbound'] as const) {
          expect(played.tracks.get(track)).toEqual(inOrder.tracks.get(track));
        }
        expect(played.gaps).toEqual([]);
        expect(played.stats.duplicateFrames).toBe(numbered.filter((one) => one.twice).length);
      }),
    );
  });
});
