import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBase64 } from './base64.ts';
import { countedMedia } from './media-fields.ts';
import { type ScannedMedia, scanMedia } from './media-scan.ts';
import { parseTextMessage } from './text-message.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a message comes to by the parser; null for all that is no sound media message. */
function parsed(message: Uint8Array): ScannedMedia | null {
  const object = parseTextMessage(message);
  if (object === null || object['event'] !== 'media') return null;
  const fields = countedMedia(object);
  const bytes = fields === null ? null : decodeBase64(fields.payload);
  if (fields === null || bytes === null) return null;
  return { track: fields.track, chunk: fields.chunk, timestampMs: fields.timestampMs, bytes };
}

/** What the parser gives; undefined where it throws, as for nesting without end. */
function parsedSafely(message: Uint8Array): ScannedMedia | null | undefined {
  try {
    return parsed(message);
  } catch {
    return undefined;
  }
}

const TWILIO = {
  event: 'media',
  sequenceNumber: '4',
  media: { track: 'inbound', chunk: '2', timestamp: '5', payload: 'f39/fw==' },
  streamSid: 'MZ0123456789abcdef0123456789abcdef',
};

const count = fc.oneof(
  fc.nat().map(String),
  fc.nat(),
  fc.constantFrom('', '007', '12.5', -1, 1.5, 1e21, null, true),
);
const payload = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  },
  fc.constantFrom('A', 'AB==CD', 'AA=A', '====', 'AÄA=', 7, null),
);
const wildMedia = fc.record(
  {
    track: fc.constantFrom('inbound', 'outbound', 'x y', 'é', 3, null),
    chunk: count,
    timestamp: count,
    payload,
    extra: fc.jsonValue(),
  },
  { requiredKeys: ['payload'] },
);
const digits = fc.oneof(fc.nat().map(String), fc.nat());
const usualMedia = fc.record(
  {
    track: fc.constantFrom('inbound', 'outbound', 'x y', 3),
    chunk: digits,
    timestamp: digits,
    payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  },
  { requiredKeys: ['payload'] },
);
const wild = fc.record(
  {
    event: fc.constantFrom('media', 'mark', 'stop', 7),
    sequenceNumber: count,
    media: wildMedia,
    streamSid: fc.string(),
    more: fc.jsonValue(),
  },
  { requiredKeys: ['event', 'media'] },
);
const usual = fc.record(
  {
    event: fc.constant('media'),
    sequenceNumber: digits,
    media: usualMedia,
    streamSid: fc.string({ unit: 'grapheme-ascii' }),
  },
  { requiredKeys: ['event', 'media'] },
);
const message = fc
  .tuple(fc.oneof({ weight: 3, arbitrary: usual }, wild), fc.constantFrom(undefined, undefined, 2))
  .map(([object, indent]) => JSON.stringify(object, null, indent));

/** A byte or a piece of another message in the place of some bytes. */
const mutation = fc.record({
  at: fc.nat(400),
  length: fc.nat(4),
  text: fc.oneof(
    fc.constantFrom('"', '\\', '{', '}', ',', ':', ' ', '0', '\u0000', 'é', '"event":"media",', ''),
    fc.string({ maxLength: 3 }),
  ),
});

describe('the scanner of media messages', () => {
  it.each([
    ['as Twilio sends them', JSON.stringify(TWILIO)],
    [
      'with spaces between, as Python writes them',
      JSON.stringify(TWILIO).replaceAll(':', ': ').replaceAll(',', ', '),
    ],
    [
      'with numbers for counts',
      JSON.stringify({ ...TWILIO, media: { ...TWILIO.media, chunk: 2, timestamp: 5 } }),
    ],
    [
      'with members in another order',
      JSON.stringify({ streamSid: 'x', media: { payload: 'f39/fw==' }, event: 'media' }),
    ],
    ['with an empty payload', JSON.stringify({ event: 'media', media: { payload: '' } })],
  ])('reads messages %s', (_how, text) => {
    const scanned = scanMedia(encode(text));
    expect(scanned).not.toBeNull();
    expect(scanned).toEqual(parsed(encode(text)));
  });

  it.each([
    ['another event', JSON.stringify({ ...TWILIO, event: 'mark' })],
    ['a name twice', JSON.stringify(TWILIO).replace('{"event"', '{"event":"media","event"')],
    ['a payload twice', JSON.stringify(TWILIO).replace('"payload"', '"payload":"AAAA","payload"')],
    ['an escape', JSON.stringify(TWILIO).replace('inbound', String.raw`in\u0062ound`)],
    ['a byte that is not ASCII', JSON.stringify({ ...TWILIO, streamSid: 'é' })],
    ['bad base64', JSON.stringify({ ...TWILIO, media: { payload: 'AAA' } })],
    ['an object that it does not know', JSON.stringify({ ...TWILIO, more: {} })],
    ['anything behind it', `${JSON.stringify(TWILIO)} `],
    ['a number that JSON has not', JSON.stringify(TWILIO).replace('"2"', '02')],
    ['nothing', ''],
  ])('leaves a message with %s to the parser', (_what, text) => {
    expect(scanMedia(encode(text))).toBeNull();
  });

  it('gives what the parser gives, of any message that it does not leave to it', () => {
    let scanned = 0;
    fc.assert(
      fc.property(message, fc.array(mutation, { maxLength: 1 }), (text, mutations) => {
        let changed = text;
        for (const { at, length, text: put } of mutations) {
          changed = changed.slice(0, at) + put + changed.slice(at + length);
        }
        const bytes = encode(changed);
        const found = scanMedia(bytes);
        if (found === null) return;
        scanned += 1;
        expect(found).toEqual(parsedSafely(bytes));
      }),
      { numRuns: 4000 },
    );
    expect(scanned).toBeGreaterThan(400);
  });

  it('gives nothing for bytes that are no text at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(scanMedia(bytes)).toBeNull();
      }),
    );
  });

  it('reads a thousand messages of a platform as its parser does', () => {
    for (let chunk = 1; chunk <= 1000; chunk += 1) {
      const audio = Buffer.from(Array.from({ length: 160 }, (_, index) => (index * chunk) & 0xff));
      const text = JSON.stringify({
        ...TWILIO,
        sequenceNumber: String(chunk + 1),
        media: {
          ...TWILIO.media,
          chunk: String(chunk),
          timestamp: String(chunk * 20),
          payload: audio.toString('base64'),
        },
      });
      expect(scanMedia(encode(text))).toEqual(parsed(encode(text)));
    }
  });
});
