import { describe, expect, it } from '@jest/globals';
import { detect } from './detect.ts';
import type { JsonObject } from './model/dialect.ts';

const start = (extra: JsonObject = {}, inner: JsonObject | null = {}): JsonObject => ({
  event: 'start',
  ...(inner === null ? {} : { start: inner }),
  ...extra,
});
const mulaw = { encoding: 'audio/x-mulaw', sampleRate: 8000 };

const OPENINGS: readonly (readonly [string, string, JsonObject, JsonObject | null])[] = [
  ['twilio', 'start.streamSid', start({}, { streamSid: 'MZ1', callSid: 'CA1', mediaFormat: mulaw }), null],
  [
    'twilio',
    'streamSid at the top only',
    start({ streamSid: 'MZ1' }, { mediaFormat: mulaw }),
    { event: 'connected' },
  ],
  ['signalwire', 'version 0.2', start({}, { streamSid: 'a', mediaFormat: mulaw }), { version: '0.2.0' }],
  [
    'signalwire',
    'L16',
    start({}, { streamSid: 'a', mediaFormat: { encoding: 'audio/x-L16;rate=8000' } }),
    null,
  ],
  ['exotel', 'start.stream_sid', start({}, { stream_sid: 'a', call_sid: 'b' }), { event: 'connected' }],
  ['exotel', 'stream_sid at the top only', start({ stream_sid: 'a' }), null],
  [
    'telnyx',
    'call_control_id',
    start({ stream_id: 'a' }, { call_control_id: 'b', media_format: mulaw }),
    null,
  ],
  [
    'telnyx',
    'stream_id with media_format',
    start({ stream_id: 'a' }, { media_format: mulaw }),
    { version: '1.0.0' },
  ],
  ['wavix', 'flat ids and no format', start({ call_id: 'a', stream_id: 'b' }, null), { event_time: 'x' }],
  ['plivo', 'extra_headers', start({ extra_headers: '' }, { streamId: 'a', callId: 'b' }), null],
  ['plivo', 'a numeric sequence', start({ sequenceNumber: 1 }, { streamId: 'a', callId: 'b' }), null],
  ['vobiz', 'nested ids', start({}, { streamId: 'a', callId: 'b', mediaFormat: mulaw }), null],
  [
    'vobiz-flat',
    'flat ids and contentType',
    start({ streamId: 'a', callId: 'b', contentType: 'c' }, null),
    null,
  ],
  ['voximplant', 'sequence 0', start({ sequenceNumber: 0 }, { mediaFormat: mulaw }), null],
  ['voximplant', 'PCM16', start({}, { mediaFormat: { encoding: 'PCM16' } }), null],
  ['generic', 'a format', start({}, { mediaFormat: mulaw }), null],
  ['generic', 'a stream id', start({}, { streamId: 'a', mediaFormat: mulaw }), null],
  ['generic', 'nothing', start({}, null), null],
  ['vonage', 'its event', { event: 'websocket:connected', 'content-type': 'audio/l16;rate=8000' }, null],
  ['vonage', 'only a content type', { 'content-type': 'audio/l16;rate=8000' }, null],
  ['jambonz', 'rate and mix', { callSid: 'a', sampleRate: 8000, mixType: 'mono' }, null],
];

describe('detect', () => {
  it.each(OPENINGS)('knows %s by %s', (name, _, message, hello) => {
    expect(detect(message, hello)).toMatchObject({ kind: 'opening', dialect: { name } });
  });

  it('waits after connected, which six platforms share', () => {
    expect(detect({ event: 'connected', protocol: 'Call', version: '1.0.0' }, null).kind).toBe('hello');
  });

  it('takes audio without a start for the generic envelope only where nothing speaks against it', () => {
    const bare = { event: 'media', media: { payload: '' } };
    expect(detect(bare, null)).toMatchObject({ kind: 'first_media', dialect: { name: 'generic' } });
    const refused = [
      [bare, { event: 'connected' }],
      [{ ...bare, streamSid: 'MZ1' }, null],
      [{ ...bare, stream_id: 'a' }, null],
      [{ ...bare, media: { payload: '', track: 'inbound' } }, null],
    ] as const;
    for (const [message, hello] of refused) {
      expect(() => detect(message, hello)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
    }
  });

  it.each([
    ['Genesys AudioHook', { version: '2', type: 'open', parameters: {} }],
    ['Twilio ConversationRelay', { type: 'setup', sessionId: 'VX1' }],
    ['Evolution-Go calls', { event: 'start', callId: 'a', sampleRate: 16000 }],
  ])('refuses %s by its name', (name, message) => {
    expect(() => detect(message, null)).toThrow(
      expect.objectContaining({ code: 'unsupported_encoding', details: { dialect: name } }),
    );
  });

  it('refuses a first message that opens nothing, but tolerates it after connected', () => {
    for (const message of [{}, { event: 'hello' }, { event: 7 }, { type: 'open' }]) {
      expect(() => detect(message, null)).toThrow(expect.objectContaining({ code: 'protocol_violation' }));
      expect(detect(message, { event: 'connected' }).kind).toBe('other');
    }
  });
});
