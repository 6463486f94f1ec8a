import { describe, expect, it } from '@jest/globals';
import { detect } from './detect.ts';
import type { JsonObject } from './model/dialect.ts';
import type { DecoderOptions } from './model/events.ts';
import { readOpening, sameFormat } from './opening.ts';

function open(message: JsonObject, options: DecoderOptions = {}) {
  const detected = detect(message, null);
  if (!('dialect' in detected)) throw new Error('not an opening');
  return readOpening(detected.dialect, message, options);
}
const envelope = (mediaFormat: JsonObject) => ({ event: 'start', start: { mediaFormat } });
const vobiz = (mediaFormat: JsonObject) => ({
  event: 'start',
  start: { streamId: 'a', callId: 'b', mediaFormat },
});
const refusal = expect.objectContaining({ code: 'unsupported_encoding' });

describe('readOpening', () => {
  it('prefers the sampleRate field to the parameter of the encoding, and says so when they differ', () => {
    const both = open(envelope({ encoding: 'audio/x-l16;rate=8000', sampleRate: 24000 }));
    expect(both.format.sampleRate).toBe(24000);
    expect(both.issues.map((issue) => issue.type)).toEqual(['sample_rate_conflict']);
    const same = open(envelope({ encoding: 'audio/x-l16;rate=24000', sampleRate: '24000' }));
    expect(same.issues).toEqual([]);
    expect(open(envelope({ encoding: 'audio/x-l16;rate=8000' })).format.sampleRate).toBe(8000);
  });

  it('takes the default rate of the route where an envelope declares none', () => {
    expect(open(envelope({})).format.sampleRate).toBe(16_000);
    expect(open(envelope({}), { defaultSampleRate: 48_000 }).format.sampleRate).toBe(48_000);
    expect(() => open(envelope({}), { defaultSampleRate: 12_345 })).toThrow(refusal);
  });

  it.each([0, -1, 8000.5, 96_000, 'fast'])('refuses a declared rate of %j', (sampleRate) => {
    expect(() => open(envelope({ encoding: 'audio/x-l16', sampleRate }))).toThrow(refusal);
  });

  it.each(['G722', 'OPUS', 'AMR-WB'])('refuses %s of Telnyx', (encoding) => {
    const format = { encoding, sample_rate: 8000 };
    expect(() =>
      open({ event: 'start', stream_id: 'a', start: { call_control_id: 'b', media_format: format } }),
    ).toThrow(refusal);
  });

  it('refuses stereo where channels have no names', () => {
    expect(() => open(envelope({ encoding: 'audio/x-l16', channels: 2 }))).toThrow(refusal);
    expect(() => open(envelope({ encoding: 'audio/l16;channels=2' }))).toThrow(refusal);
  });

  it('says when it had to assume a format', () => {
    const twilio = open({ event: 'start', start: { streamSid: 'MZ1' } });
    expect(twilio.format).toMatchObject({ codec: 'mulaw', sampleRate: 8000, bigEndian: null });
    expect(twilio.issues.map((issue) => issue.type)).toEqual(['format_assumed']);
    const exotel = open({ event: 'start', start: { stream_sid: 'a', media_format: { encoding: 'base64' } } });
    expect(exotel.format).toMatchObject({ codec: 'pcm16', sampleRate: 8000 });
  });

  it('checks the byte order only where it is a habit that platforms disagree on', () => {
    const doubtful = open(vobiz({ encoding: 'audio/x-l16' })).format;
    expect(doubtful).toMatchObject({ bigEndian: true, verifyByteOrder: true });
    const named = open(vobiz({ encoding: 'audio/x-l16', endianness: 'little' })).format;
    expect(named).toMatchObject({ bigEndian: false, verifyByteOrder: false });
    const route = open(vobiz({ encoding: 'audio/x-l16', endianness: 'little' }), { byteOrder: 'big' }).format;
    expect(route).toMatchObject({ bigEndian: true, verifyByteOrder: false });
    const auto = open(vobiz({ encoding: 'audio/x-l16' }), { byteOrder: 'auto' }).format;
    expect(auto).toEqual(doubtful);
    expect(open(envelope({ encoding: 'audio/x-l16' })).format.verifyByteOrder).toBe(false);
    expect(open(vobiz({ encoding: 'audio/x-mulaw' })).format).toMatchObject({
      bigEndian: null,
      verifyByteOrder: false,
    });
  });

  it('takes float32 in little-endian only', () => {
    expect(open(envelope({ encoding: 'float32' })).format).toMatchObject({
      codec: 'float32',
      bigEndian: false,
    });
    expect(() => open(envelope({ encoding: 'float32', byteOrder: 'big' }))).toThrow(refusal);
  });

  it('takes the format of Wavix from configuration and refuses the stream without it', () => {
    const message = { event: 'start', call_id: 'a', stream_id: 'b', channel: 'inbound' };
    const configured = open(message, { wavixFormat: { encoding: 'PCMU', sampleRate: 8000 } });
    expect(configured).toMatchObject({
      format: { codec: 'mulaw', sampleRate: 8000 },
      defaultTrack: 'inbound',
      issues: [],
    });
    expect(() => open(message)).toThrow(refusal);
  });

  it('keeps ids only as short printable text', () => {
    const ids = (streamId: unknown) =>
      open({ event: 'start', start: { streamId, mediaFormat: {} } }).streamId;
    expect(ids('stream-1')).toBe('stream-1');
    expect(ids(17)).toBe('17');
    for (const bad of ['', 'a b', 'a\u0000', 'a\r\nb', 'ａ', 'x'.repeat(10_000), {}, null])
      expect(ids(bad)).toBeNull();
  });
});

describe('sameFormat', () => {
  it('is the same for the same declaration and differs by rate or codec', () => {
    const one = open(envelope({ encoding: 'audio/x-l16', sampleRate: 8000 })).format;
    expect(sameFormat(one, open(envelope({ encoding: 'L16;rate=8000' })).format)).toBe(true);
    expect(sameFormat(one, open(envelope({ encoding: 'L16', sampleRate: 16000 })).format)).toBe(false);
    expect(sameFormat(one, open(envelope({ encoding: 'PCMU', sampleRate: 8000 })).format)).toBe(false);
  });
});
