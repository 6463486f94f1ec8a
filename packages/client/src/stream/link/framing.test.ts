import { describe, expect, it } from '@jest/globals';
import { audioBytes, audioMessage, startMessage, stopMessage } from './framing.ts';

describe('audioBytes', () => {
  it('writes samples as little-endian bytes', () => {
    expect([...audioBytes(Int16Array.of(1, -2, 256))]).toEqual([1, 0, 254, 255, 0, 1]);
  });

  it('passes bytes on as they are, odd counts too', () => {
    const bytes = Uint8Array.of(9, 8, 7);
    expect(audioBytes(bytes)).toBe(bytes);
  });
});

describe('audioMessage', () => {
  const bytes = Uint8Array.from({ length: 60_001 }, (_, index) => (index * 31) % 251);

  it('carries raw audio as it is', () => {
    expect(audioMessage(bytes, 'raw')).toBe(bytes);
  });

  it('wraps envelope audio as base64 of the same bytes', () => {
    const frame = JSON.parse(String(audioMessage(bytes, 'envelope')));
    expect(frame.event).toBe('media');
    expect(Buffer.from(String(frame.media.payload), 'base64').equals(bytes)).toBe(true);
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
