import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventReader } from './event-reader.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string) => new EventReader().push(bytes(text));

describe('EventReader', () => {
  it('reads type, data and place, and keeps the place for events that tell none', () => {
    expect(read('id: 1-0\nevent: call.ended\ndata: {"a":1}\n\ndata: next\n\n')).toEqual([
      { type: 'call.ended', data: '{"a":1}', place: '1-0' },
      { type: 'message', data: 'next', place: '1-0' },
    ]);
  });

  it('joins lines of data, drops one leading space, and knows fields without a colon', () => {
    expect(read('data:  two\ndata\ndata:x:y\n\n')).toEqual([
      { type: 'message', data: ' two\n\nx:y', place: '' },
    ]);
  });

  it('passes over comments, unknown fields and events without data', () => {
    const reader = new EventReader();
    expect(reader.push(bytes(': here\nfoo: bar\nretry: 3000\nid: 7\n\nretry: soon\n\n'))).toEqual([]);
    expect([reader.place, reader.retryMs]).toEqual(['7', 3000]);
  });

  it('takes no place from an event that has not ended, nor one with a NUL', () => {
    const reader = new EventReader();
    reader.push(bytes('id: a\0b\ndata: x\n\nid: late\ndata: y\n'));
    expect(reader.place).toBe('');
  });

  it('gives up on an event that never ends', () => {
    const reader = new EventReader();
    expect(() => {
      for (let piece = 0; piece < 20; piece += 1) reader.push(bytes(`data: ${'x'.repeat(65_536)}\n`));
    }).toThrow(RangeError);
  });

  it('reads the same however the stream is cut, and whichever line ends it has', () => {
    const text = fc.array(fc.constantFrom('id: ü', 'event: e', 'data: 🦻', ': c', '', ''), { maxLength: 30 });
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.integer({ min: 1, max: 9 }),
        (lines, end, size) => {
          const whole = bytes(lines.map((line) => line + end).join(''));
          const reader = new EventReader();
          const events = [];
          for (let at = 0; at < whole.length; at += size)
            events.push(...reader.push(whole.subarray(at, at + size)));
          expect(events).toEqual(read(lines.map((line) => `${line}\n`).join('')));
        },
      ),
    );
  });
});
