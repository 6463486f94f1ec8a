import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { DecoderOptions, StreamMessage } from './model/events.ts';
import { type Played, play } from './testing/play.ts';

const folder = new URL('../fixtures/golden/', import.meta.url);

const Line = z.union([
  z.object({ binary: z.literal(false), text: z.string() }),
  z.object({ binary: z.literal(true), base64: z.string() }),
]);

const Decoded = z.object({
  options: z.object({ wavixFormat: z.object({ encoding: z.string(), sampleRate: z.number() }) }).optional(),
  format: z.object({
    dialect: z.string(),
    encoding: z.string(),
    bigEndian: z.boolean().nullable(),
    sampleRate: z.number(),
    callId: z.string().nullable(),
    streamId: z.string().nullable(),
    bidirectional: z.boolean().nullable(),
    from: z.string().nullable(),
    parameters: z.record(z.string(), z.string()),
  }),
  tracks: z.record(
    z.string(),
    z.object({ sampleRate: z.number(), samples: z.number(), sha256: z.string(), first: z.array(z.number()) }),
  ),
  gaps: z.array(z.object({ track: z.string(), samples: z.number() })),
  warnings: z.array(z.string()),
  stop: z.boolean(),
  controls: z.array(z.record(z.string(), z.string())).default([]),
  stats: z.record(z.string(), z.number()),
});
const Expected = z.union([z.strictObject({ error: z.string() }), Decoded]);

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => file.slice(0, -'.jsonl'.length));

function readTape(name: string): StreamMessage[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((written) => {
    const line = Line.parse(JSON.parse(written));
    return line.binary
      ? { binary: true, data: Uint8Array.from(Buffer.from(line.base64, 'base64')) }
      : { binary: false, data: new TextEncoder().encode(line.text) };
  });
}

function readExpected(name: string): z.infer<typeof Expected> {
  return Expected.parse(JSON.parse(readFileSync(new URL(`${name}.expected.json`, folder), 'utf8')));
}

function optionsOf(wanted: z.infer<typeof Expected>): DecoderOptions {
  return 'error' in wanted ? {} : (wanted.options ?? {});
}

function describeTracks(played: Played): z.infer<typeof Decoded>['tracks'] {
  return Object.fromEntries(
    [...played.tracks].map(([track, list]) => {
      const samples = Int16Array.from(list);
      const sha256 = createHash('sha256').update(new Uint8Array(samples.buffer)).digest('hex');
      const sampleRate = played.formats.at(-1)?.sampleRate ?? 0;
      return [track, { sampleRate, samples: samples.length, sha256, first: list.slice(0, 8) }];
    }),
  );
}

describe('golden tapes', () => {
  it('cover every dialect', () => {
    const dialects = new Set(names.map((name) => name.split('.')[0]));
    expect([...dialects].sort()).toEqual(
      [
        ...['conversationrelay', 'exotel', 'generic', 'genesys', 'jambonz', 'plivo', 'raw', 'signalwire'],
        ...['telnyx', 'twilio', 'vobiz', 'vobiz-flat', 'vonage', 'voximplant', 'wavix'],
      ].sort(),
    );
  });

  it.each(names)('%s gives the samples that were spoken', (name) => {
    const wanted = readExpected(name);
    const played = play(readTape(name), optionsOf(wanted));
    if ('error' in wanted) {
      expect(played.error).toBe(wanted.error);
      expect(played.tracks.size).toBe(0);
      return;
    }
    expect(played.error).toBeNull();
    expect(played.formats.at(-1)).toEqual({ type: 'format', ...wanted.format });
    expect(describeTracks(played)).toEqual(wanted.tracks);
    expect(played.gaps).toEqual(wanted.gaps);
    expect(played.warnings).toEqual(wanted.warnings);
    expect(played.controls).toEqual(wanted.controls);
    expect(played.stops).toBe(wanted.stop ? 1 : 0);
    expect(played.stats).toMatchObject({ malformedFrames: 0, oddBytes: 0, ...wanted.stats });
  });

  it.each(names)('%s says its format before its audio', (name) => {
    const wanted = readExpected(name);
    const { events } = play(readTape(name), optionsOf(wanted));
    const first = events.find((event) => event.type === 'audio' || event.type === 'format');
    expect(first?.type).toBe('error' in wanted ? undefined : 'format');
  });

  it.each(['raw.uneven-frames', 'vonage.l16-16000', 'jambonz.stereo'])(
    '%s does not depend on how the binary frames are cut',
    (name) => {
      const tape = readTape(name);
      const whole = play(tape).tracks;
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (cuts) => {
          expect(play(recut(tape, cuts)).tracks).toEqual(whole);
        }),
        { numRuns: 20 },
      );
    },
  );
});

/** The same bytes in other binary messages; text messages keep their place at the ends. */
function recut(tape: readonly StreamMessage[], cuts: readonly number[]): StreamMessage[] {
  const first = tape.findIndex((message) => message.binary);
  const last = tape.findLastIndex((message) => message.binary);
  const bytes = Buffer.concat(tape.filter((message) => message.binary).map((message) => message.data));
  const frames: StreamMessage[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = cuts[turn % cuts.length] ?? 1;
    frames.push({ binary: true, data: Uint8Array.from(bytes.subarray(at, at + length)) });
    at += length;
  }
  return [...tape.slice(0, first), ...frames, ...tape.slice(last + 1)];
}
