import { describe, expect, it } from '@jest/globals';
import { audioBytes, audioMessages, startMessage, stopMessage } from './framing.ts';

describe('audioBytes', () => {
  it('writes samples as little-endian bytes', () => {
    expect([...audioBytes(Int16Array.of(1, -2, 256))]).toEqual([1, 0, 254, 255, 0, 1]);
  });

  it('passes bytes on as they are, odd counts too', () => {
    const bytes = Uint8Array.of(9, 8, 7);
    expect(audioBytes(bytes)).toBe(bytes);
  });
});

describe('audioMessages', () => {
  const bytes = Uint8Array.from({ length: 200_001 }, (_, index) => (index * 31) % 251);

  it('splits raw audio into messages that join to the same bytes', () => {
    const messages = [...audioMessages(bytes, 'raw')].map((message) => Buffer.from(message));
    expect(messages.length).toBe(4);
    expect(Buffer.concat(messages).equals(bytes)).toBe(true);
  });

  it('wraps envelope audio as base64 that joins to the same bytes', () => {
    const payloads = [...audioMessages(bytes, 'envelope')].map((message) => {
      const frame = JSON.parse(String(message));
      expect(frame.event).toBe('media');
      return Buffer.from(String(frame.media.payload), 'base64');
    });
    expect(Buffer.concat(payloads).equals(bytes)).toBe(true);
  });

  it('sends nothing for no audio', () => {
    expect([...audioMessages(new Uint8Array(), 'raw')]).toEqual([]);
  });
});

describe('control messages', () => {
  it('declares the rate in the start frame', () => {
    expect(JSON.parse(startMessage(8000))).toEqual({
      event: 'start',
      start: { mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000, channels: 1 } },
    });
  });

  it('carries a reason in the stop frame only when there is one', () => {
    expect(JSON.parse(stopMessage())).toEqual({ event: 'stop' });
    expect(JSON.parse(stopMessage('pause'))).toEqual({ event: 'stop', reason: 'pause' });
  });
});
