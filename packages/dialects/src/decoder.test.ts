import { ERRORS, LIMITS } from '@earshot/protocol';
import { describe, expect, it } from '@jest/globals';
import { createStreamDecoder } from './decoder.ts';
import { binary, play, text } from './testing/play.ts';

const base64 = (...bytes: readonly number[]) => Buffer.from(bytes).toString('base64');
const envelopeStart = (sampleRate: unknown = 16000, streamId = 'a') =>
  text({ event: 'start', start: { streamId, mediaFormat: { encoding: 'audio/x-l16', sampleRate } } });
const envelopeMedia = (...bytes: readonly number[]) =>
  text({ event: 'media', media: { payload: base64(...bytes) } });
const stop = text({ event: 'stop', reason: 'finished' });

const twilioStart = text({
  event: 'start',
  streamSid: 'MZ1',
  start: { streamSid: 'MZ1', callSid: 'CA1', mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 } },
});
/** 20 ms of silence in mu-law, unless told otherwise. */
const twilioMedia = (chunk: unknown, rest: Record<string, unknown> = {}) =>
  text({
    event: 'media',
    streamSid: 'MZ1',
    media: { track: 'inbound', chunk, payload: base64(...new Array<number>(160).fill(0xff)), ...rest },
  });

describe('a raw stream', () => {
  it('that begins with the header of a WAV file is taken as it is, and told of it', () => {
    const wav = new Uint8Array([...new TextEncoder().encode('RIFF....WAVEfmt '), 1, 2, 3, 4]);
    const played = play([{ binary: true, data: wav }, binary(5, 0), { binary: true, data: wav }]);
    expect(played).toMatchObject({ error: null, warnings: ['wav_header'] });
    expect(played.tracks.get('main')).toHaveLength(21);
    const later = play([binary(5, 0), { binary: true, data: wav }]);
    expect(later.warnings).toEqual([]);
  });

  it('carries odd bytes to the next message and counts what is left at the end', () => {
    const played = play([binary(1), binary(0, 2), binary(0, 3)]);
    expect(played.tracks.get('main')).toEqual([1, 2]);
    expect(played.stats).toMatchObject({ frames: 3, oddBytes: 1 });
    expect(played.warnings).toEqual(['odd_bytes']);
  });

  it('ignores empty messages, also as the first', () => {
    const played = play([binary(), envelopeStart(), binary(), envelopeMedia(1, 0)]);
    expect(played.error).toBeNull();
    expect(played.tracks.get('main')).toEqual([1]);
  });

  it('honours a text stop, then ignores everything with one warning', () => {
    const played = play([binary(1, 0), stop, binary(2, 0), text('garbage'), stop]);
    expect(played.tracks.get('main')).toEqual([1]);
    expect(played.events.filter((event) => event.type === 'stop')).toEqual([
      { type: 'stop', reason: 'finished' },
    ]);
    expect(played.warnings).toEqual(['after_stop']);
  });

  it('warns of other text messages and goes on', () => {
    const played = play([binary(1, 0), text({ event: 'mark' }), envelopeStart(), text('{}'), binary(2, 0)]);
    expect(played.tracks.get('main')).toEqual([1, 2]);
    expect(played.warnings).toEqual(['unknown_event', 'unknown_event', 'unknown_event']);
  });

  it('refuses JSON audio in between, which it could not put in its place', () => {
    expect(play([binary(1, 0), envelopeMedia(2, 0)])).toMatchObject({ error: 'protocol_violation' });
  });

  it('follows the byte order and rate of its route', () => {
    const played = play([binary(1, 0)], { byteOrder: 'big', defaultSampleRate: 48_000 });
    expect(played.tracks.get('main')).toEqual([256]);
    expect(played.formats).toMatchObject([{ dialect: 'raw', bigEndian: true, sampleRate: 48_000 }]);
  });
});

describe('messages that cannot be read', () => {
  it.each(['', 'hello', '[]', '7', 'null', '{"event":'])(
    'close the stream at once when %j comes first',
    (first) => {
      expect(play([text(first)])).toMatchObject({ error: 'malformed_frame', events: [] });
      expect(ERRORS.malformed_frame.closeCode).toBe(1007);
    },
  );

  it('are skipped up to the limit and close the stream beyond it', () => {
    const bad = new Array(LIMITS.maxMalformedFrames).fill(text('{'));
    const kept = play([envelopeStart(), envelopeMedia(1, 0), ...bad, envelopeMedia(2, 0)]);
    expect(kept).toMatchObject({ error: null, warnings: ['malformed_frame'] });
    expect(kept.tracks.get('main')).toEqual([1, 2]);
    expect(kept.stats.malformedFrames).toBe(LIMITS.maxMalformedFrames);
    expect(play([envelopeStart(), ...bad, text('{')])).toMatchObject({ error: 'malformed_frame' });
  });

  it.each([
    ['no media', { event: 'media' }],
    ['media of another type', { event: 'media', media: 'AAAA' }],
    ['no payload', { event: 'media', media: {} }],
    ['a payload that is no text', { event: 'media', media: { payload: 7 } }],
  ])('include a media message with %s', (_, message) => {
    expect(play([envelopeStart(), text(message)]).stats).toMatchObject({ frames: 0, malformedFrames: 1 });
  });

  it('leave a hole of their length where no frame number will show one', () => {
    const torn = text({ event: 'media', media: { payload: `${base64(9, 9, 9, 9, 9, 9).slice(0, -1)}*` } });
    const played = play([envelopeStart(), envelopeMedia(1, 0), torn, envelopeMedia(2, 0)]);
    expect(played.tracks.get('main')).toEqual([1, 0, 0, 0, 2]);
    expect(played.gaps).toEqual([{ track: 'main', samples: 3 }]);
  });

  it('end an unfinished sample, whose other half is lost', () => {
    const torn = text({ event: 'media', media: { payload: '****' } });
    const played = play([envelopeStart(), envelopeMedia(1, 0, 7), torn, envelopeMedia(2, 0)]);
    expect(played.tracks.get('main')).toEqual([1, 0, 2]);
    expect(played.stats.oddBytes).toBe(1);
  });

  it('leave a hole that the frame numbers show', () => {
    const played = play([
      twilioStart,
      twilioMedia(1),
      twilioMedia(2, { payload: '*'.repeat(216) }),
      twilioMedia(3),
    ]);
    expect(played.gaps).toEqual([{ track: 'inbound', samples: 160 }]);
    expect(played.tracks.get('inbound')).toHaveLength(480);
  });

  it.each([-1, 1.5, 2 ** 53, 'seven', '-1', '1.5', '', '99999999999999999', {}, true])(
    'include a frame numbered %j',
    (chunk) => {
      const played = play([twilioStart, twilioMedia(1), twilioMedia(chunk), twilioMedia(2)]);
      expect(played.stats).toMatchObject({ frames: 2, malformedFrames: 1 });
      expect(played.gaps).toEqual([]);
    },
  );

  it('include a frame whose number is beyond all numbers', () => {
    const endless = text('{"event":"media","media":{"track":"inbound","chunk":1e999,"payload":"AAAA"}}');
    expect(play([twilioStart, endless]).stats).toMatchObject({ frames: 0, malformedFrames: 1 });
  });

  it('include a frame without a number on a track that counts', () => {
    expect(play([twilioStart, twilioMedia(1), twilioMedia(null)]).stats).toMatchObject({
      malformedFrames: 1,
    });
    expect(play([twilioStart, twilioMedia(null), twilioMedia(undefined)]).stats).toMatchObject({ frames: 2 });
  });
});

describe('the order of messages', () => {
  it.each([
    ['binary audio in a stream of JSON', [envelopeStart(), binary(1, 0)]],
    ['binary audio after connected', [text({ event: 'connected' }), binary(1, 0)]],
    ['telephony audio before start', [twilioMedia(1)]],
    ['audio after connected', [text({ event: 'connected' }), envelopeMedia(1, 0)]],
    ['a second start with another rate', [envelopeStart(16000), envelopeStart(8000)]],
    ['a first message that opens nothing', [text({ event: 'hello' })]],
  ])('is broken by %s', (_, messages) => {
    expect(play(messages).error).toBe('protocol_violation');
  });

  it('may repeat a start with the same format', () => {
    const played = play([envelopeStart(), envelopeMedia(1, 0), envelopeStart(), envelopeMedia(2, 0)]);
    expect(played).toMatchObject({ error: null, warnings: ['repeated_start'] });
    expect(played.tracks.get('main')).toEqual([1, 2]);
    expect(played.formats).toHaveLength(1);
  });

  it('may start another stream of the same call, which counts anew', () => {
    const again = text({
      event: 'start',
      start: { streamSid: 'MZ2', mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 } },
    });
    const played = play([twilioStart, twilioMedia(1), twilioMedia(2), again, twilioMedia(1)]);
    expect(played.tracks.get('inbound')).toHaveLength(480);
    expect(played.stats.duplicateFrames).toBe(0);
    expect(played.formats.map((format) => format.streamId)).toEqual(['MZ1', 'MZ2']);
  });

  it('may end before it began', () => {
    expect(play([stop])).toMatchObject({ error: null, stops: 1, formats: [] });
    expect(play([text({ event: 'connected' }), stop])).toMatchObject({ error: null, stops: 1 });
    expect(play([])).toMatchObject({ events: [] });
  });

  it('gives what was held after an error, once', () => {
    const played = play([twilioStart, twilioMedia(2), binary(1)]);
    expect(played.error).toBe('protocol_violation');
    expect(played.tracks.get('inbound')).toHaveLength(320);
    const decoder = createStreamDecoder();
    decoder.push(binary(1, 0, 2));
    expect(decoder.end()).toHaveLength(1);
    expect(decoder.end()).toEqual([]);
    expect(decoder.push(binary(1, 0))).toEqual([]);
  });
});

describe('the dialect', () => {
  it('is null until the messages tell, and stays after the end', () => {
    const decoder = createStreamDecoder();
    decoder.push(text({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    expect(decoder.dialect).toBeNull();
    decoder.push(text({ event: 'mark' }));
    expect(decoder.dialect).toBeNull();
    decoder.push(twilioStart);
    expect(decoder.dialect).toBe('twilio');
    decoder.end();
    expect(decoder.dialect).toBe('twilio');
  });

  it('does not become known by a start that is refused', () => {
    const decoder = createStreamDecoder();
    expect(() => decoder.push(envelopeStart(12_345))).toThrow(
      expect.objectContaining({ code: 'unsupported_encoding' }),
    );
    expect(decoder.dialect).toBeNull();
    expect(decoder.end()).toEqual([]);
  });
});

describe('limits', () => {
  it('take a message of the largest size and refuse one byte more', () => {
    const largest = new Uint8Array(LIMITS.maxMessageBytes);
    const over = new Uint8Array(LIMITS.maxMessageBytes + 1);
    expect(play([{ binary: true, data: largest }]).tracks.get('main')).toHaveLength(
      LIMITS.maxMessageBytes / 2,
    );
    expect(play([{ binary: true, data: over }]).error).toBe('chunk_too_large');
    expect(play([envelopeStart(), { binary: false, data: over }]).error).toBe('payload_too_large');
    expect(ERRORS.chunk_too_large.closeCode).toBe(1009);
  });

  it('warn once a kind of unknown message, of few kinds, and not of messages about playback', () => {
    const kinds = Array.from({ length: 100 }, (_, at) => text({ event: `kind-${String(at % 50)}` }));
    const quiet = ['dtmf', 'mark', 'connected', 'playedStream'].map((event) => text({ event }));
    expect(play([envelopeStart(), ...quiet]).warnings).toEqual([]);
    expect(play([envelopeStart(), ...kinds]).warnings).toHaveLength(LIMITS.maxUnknownEventKinds);
  });

  it('refuse a default rate that no stream may have', () => {
    expect(() => createStreamDecoder({ defaultSampleRate: 44_000 })).toThrow(
      expect.objectContaining({ code: 'unsupported_encoding' }),
    );
  });
});
