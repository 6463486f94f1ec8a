import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FormatEvent } from '../model/events.ts';
import { play, text } from '../testing/play.ts';
import { heardBack, openingFormat, parseWayBack, type WayBack } from '../testing/way-back.ts';
import type { ReplyMessage, ReplyOptions, StreamReply } from './reply.ts';
import { createStreamReply } from './stream-reply.ts';

const folder = new URL('../../fixtures/way-back/', import.meta.url);
const wayBackNames = readdirSync(folder).map((file) => file.slice(0, -'.json'.length));

function readWayBack(name: string): WayBack {
  return parseWayBack(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

function replyTo(format: FormatEvent, options: ReplyOptions = {}): StreamReply {
  const reply = createStreamReply(format, options);
  if (reply === null) throw new Error('there is no way back');
  return reply;
}

function fixture(name: string): { format: FormatEvent; options: ReplyOptions; reply: StreamReply } {
  const { opening, options } = readWayBack(name);
  const format = openingFormat({ opening, options });
  return { format, options, reply: replyTo(format, options) };
}

/** Speaks in pieces of the given lengths, over and over. */
function speak(reply: StreamReply, samples: Int16Array, lengths: readonly number[]): ReplyMessage[] {
  const messages: ReplyMessage[] = [];
  for (let at = 0, turn = 0; at < samples.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    messages.push(...reply.media(samples.subarray(at, at + length)));
    at += length;
  }
  return messages;
}

function codecOf(name: string): Parameters<typeof heardBack>[1] {
  if (name.includes('mulaw')) return 'mulaw';
  if (name.includes('pcma')) return 'alaw';
  return name.includes('big-endian') ? 'pcm16be' : 'pcm16le';
}

describe('the way back', () => {
  it('is known for every platform that can be answered', () => {
    const dialects = new Set(wayBackNames.map((name) => name.split('.')[0]));
    expect([...dialects].sort()).toEqual(
      [
        ...['exotel', 'jambonz', 'plivo', 'signalwire', 'telnyx', 'twilio'],
        ...['vobiz', 'vobiz-flat', 'vonage', 'voximplant', 'wavix'],
      ].sort(),
    );
  });

  it.each(wayBackNames)('%s writes the messages of its golden file', (name) => {
    const { spoken, markAt, messages, sampleRate } = readWayBack(name);
    const { reply } = fixture(name);
    expect(reply.sampleRate).toBe(sampleRate);
    const before = speak(reply, spoken.subarray(0, markAt), [100, 7, 333]);
    const mark = reply.mark('greeting');
    const after = speak(reply, spoken.subarray(markAt), [50]);
    expect([...before, ...mark]).toEqual([...messages.before, ...messages.mark]);
    expect(after).toEqual(messages.after);
    expect(reply.clear()).toEqual(messages.clear);
    expect(reply.hangup()).toEqual(messages.hangup);
    expect(reply.marks).toBe(messages.mark.length > 0);
    expect(reply.clears).toBe(messages.clear.length > 0);
  });

  it.each(wayBackNames)(
    '%s gives the platform the samples that were spoken, however they were cut',
    (name) => {
      const { format, options } = fixture(name);
      const codec = codecOf(name);
      const voice = fc.int16Array({ minLength: 1, maxLength: 5000 });
      const cuts = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(voice, cuts, (samples, lengths) => {
          const reply = replyTo(format, options);
          const messages = [...speak(reply, samples, lengths), ...reply.mark('end')];
          const heard = heardBack(messages, codec);
          const spoken = [...samples.subarray(0, reply.marks ? samples.length : heard.length)];
          expect(samples.length - spoken.length).toBeLessThan(reply.sampleRate / 50);
          if (codec.startsWith('pcm16')) expect(heard.slice(0, spoken.length)).toEqual(spoken);
          else expect(worstError(spoken, heard)).toBeLessThanOrEqual(1);
          // A packet that had to be filled up is filled up with silence.
          expect(heard.slice(spoken.length).every((sample) => Math.abs(sample) <= 8)).toBe(true);
        }),
        { numRuns: 30 },
      );
    },
  );

  it.each([
    ['vonage.l16-16000', 640, 640],
    ['jambonz.same-rate', 320, 320],
    ['exotel.strings', 3200, 320],
  ])('%s sends messages of at least so many bytes, all a multiple of its unit', (name, least, unit) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 }), (lengths) => {
        const { reply } = fixture(name);
        const messages = lengths.flatMap((length) => reply.media(new Int16Array(length)));
        for (const message of [...messages, ...reply.mark('end').slice(0, -1)]) {
          const bytes = heardBack([message], 'pcm16le').length * 2;
          expect(bytes).toBeGreaterThanOrEqual(least);
          expect(bytes % unit).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('forgets what waits for a whole packet when it is cleared', () => {
    const { reply } = fixture('vonage.l16-16000');
    reply.media(new Int16Array(100).fill(5));
    reply.clear();
    expect(heardBack(reply.media(new Int16Array(320).fill(7)), 'pcm16le')).toEqual(new Array(320).fill(7));
  });

  it('takes the byte order in which the platform was heard to send', () => {
    const { format } = fixture('signalwire.l16-24000');
    const big = replyTo({ ...format, bigEndian: true });
    expect(heardBack(big.media(new Int16Array(480).fill(258)), 'pcm16be')).toEqual(new Array(480).fill(258));
  });
});

describe('a stream without a way back', () => {
  const l16 = { encoding: 'audio/x-l16', sampleRate: 8000 };
  const nested = { callId: 'call', streamId: 'stream', mediaFormat: l16 };
  it.each([
    ['the generic envelope', { event: 'start', start: { mediaFormat: l16 } }],
    [
      'a Twilio stream of both tracks',
      { event: 'start', start: { streamSid: 'MZ', tracks: ['inbound', 'outbound'] } },
    ],
    ['a Vobiz stream of both tracks', { event: 'start', start: { ...nested, tracks: ['both'] } }],
    [
      'an older Vobiz stream of what the caller hears',
      { event: 'start', streamId: 's', callId: 'c', contentType: 'audio/x-l16', audioTrack: 'outbound' },
    ],
  ])('is that of %s', (_, opening) => {
    const [format] = play([text(opening)]).formats;
    expect(format?.bidirectional).toBe(false);
    expect(format === undefined ? undefined : createStreamReply(format)).toBeNull();
  });

  it('is that of a one-way Wavix stream', () => {
    const start = { event: 'start', call_id: 'c', stream_id: 's', stream_type: 'oneway' };
    const [format] = play([text(start)], { wavixFormat: { encoding: 'PCMU', sampleRate: 8000 } }).formats;
    expect(format === undefined ? undefined : createStreamReply(format)).toBeNull();
  });
});

describe('what an operator states', () => {
  it.each([
    ['an encoding that is not known', { encoding: 'OPUS' }],
    ['float samples', { encoding: 'float32' }],
    ['a rate beyond the limits', { sampleRate: 7999 }],
  ])('is refused when it is %s', (_, options) => {
    const { format } = fixture('telnyx.pcma');
    expect(() => createStreamReply(format, options)).toThrow(
      expect.objectContaining({ code: 'unsupported_encoding' }),
    );
  });
});

/** The greatest error of G.711 against its own tolerance of half a step, at most 1/16 of the sample's size. */
function worstError(spoken: readonly number[], heard: readonly number[]): number {
  const errors = spoken.map((sample, at) => {
    const tolerance = (Math.abs(sample) + 256) / 16;
    return Math.abs(sample - (heard[at] ?? Number.NaN)) / tolerance;
  });
  return errors.reduce((worst, error) => Math.max(worst, error), 0);
}
