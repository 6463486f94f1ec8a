import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameBoundary } from './frame-boundary.ts';
import { type PlainSink, takePlainMessages } from './plain-messages.ts';
import { conversation, cuts, frameBytes, messagesOf, pieces } from './testing/client-frames.ts';

const MASK = [1, 2, 3, 4] as const;
const frame = (opcode: number, payload: Uint8Array, fin = true): Uint8Array =>
  frameBytes({ fin, opcode, payload, mask: MASK });
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

function taken(chunk: Uint8Array, from = 0) {
  const found: { binary: boolean; data: string; messages: number }[] = [];
  const sink: PlainSink = {
    message: ({ binary, data, messages }) =>
      found.push({ binary, data: Buffer.from(data).toString('latin1'), messages }),
  };
  return { end: takePlainMessages(chunk, from, sink), found };
}

describe('plain messages', () => {
  it('are taken in order, with binary ones that follow each other in one piece', () => {
    const chunk = Buffer.concat([
      frame(2, text('one')),
      frame(2, text('and two')),
      frame(1, text('{"event":"mark"}')),
      frame(2, text('x'.repeat(640))),
    ]);
    expect(taken(chunk)).toEqual({
      end: chunk.length,
      found: [
        { binary: true, data: 'oneand two', messages: 2 },
        { binary: false, data: '{"event":"mark"}', messages: 1 },
        { binary: true, data: 'x'.repeat(640), messages: 1 },
      ],
    });
  });

  it.each([
    ['a ping', frame(9, text('p'))],
    ['a close frame', frame(8, new Uint8Array(0))],
    ['an empty message', frame(2, new Uint8Array(0))],
    ['the first fragment of a message', frame(2, text('half'), false)],
    ['a frame with a reserved bit', Uint8Array.of(0xc2, 0x81, 1, 2, 3, 4, 9)],
    ['a frame without a mask', Uint8Array.of(0x82, 1, 9)],
    ['a message above 64 kB', frame(2, new Uint8Array(65_536))],
    ['a message that has not come whole', frame(2, text('not whole')).subarray(0, 12)],
    ['half a head', Uint8Array.of(0x82, 0xfe, 1)],
    ['text that is not UTF-8', frame(1, Uint8Array.of(0x7b, 0xc3, 0x28))],
  ])('end in front of %s, which is left as it was', (_what, other) => {
    const first = frame(2, text('audio'));
    const chunk = Buffer.concat([first, other]);
    const { end, found } = taken(chunk);
    expect(end).toBe(first.length);
    expect(found).toEqual([{ binary: true, data: 'audio', messages: 1 }]);
    expect(chunk.subarray(end).equals(other)).toBe(true);
  });

  it('and the frames that pass by them come to what was sent, however the network cuts it', () => {
    fc.assert(
      fc.property(conversation, cuts, (sent, sizes) => {
        const bytes = Buffer.concat(sent.map((each) => frameBytes(each)));
        const boundary = new FrameBoundary();
        const order: Buffer[] = [];
        for (const chunk of pieces(bytes, sizes)) {
          boundary.beginChunk();
          for (let at = 0; at < chunk.length; ) {
            if (boundary.isClean) {
              at = takePlainMessages(chunk, at, { message: ({ data }) => order.push(Buffer.from(data)) });
              if (at === chunk.length) break;
            }
            at = boundary.pass(chunk, at);
          }
        }
        const whole = messagesOf(sent).map(({ data }) => data.toString('latin1'));
        const all = order.map((data) => data.toString('latin1')).join('');
        // What was taken is what was sent but for messages that passed by.
        let from = 0;
        for (const data of whole) if (data !== '' && all.startsWith(data, from)) from += data.length;
        expect(from).toBe(all.length);
        boundary.beginChunk();
        expect(boundary.isClean).toBe(true);
      }),
    );
  });
});

describe('a frame boundary', () => {
  it('is clean between messages only', () => {
    const boundary = new FrameBoundary();
    const first = frame(2, text('half'), false);
    for (const byte of first) boundary.pass(Uint8Array.of(byte), 0);
    expect(boundary.isClean).toBe(false);
    boundary.pass(frame(9, text('ping')), 0);
    boundary.beginChunk();
    expect(boundary.isClean).toBe(false);
    const last = Buffer.concat([frame(0, text('whole')), Uint8Array.of(0x82)]);
    expect(boundary.pass(last, 0)).toBe(last.length - 1);
    expect(boundary.isClean).toBe(false);
    boundary.beginChunk();
    expect(boundary.isClean).toBe(true);
    boundary.pass(last, last.length - 1);
    expect(boundary.isClean).toBe(false);
  });

  it.each([
    ['a ping', true, frame(9, text('p'))],
    ['an empty binary message', true, frame(2, new Uint8Array(0))],
    ['text, which may not be UTF-8', false, frame(1, text('a'))],
    ['a ping that is too long', false, frame(9, new Uint8Array(126))],
    ['a frame without a mask', false, Uint8Array.of(0x82, 1, 9)],
    ['a continuation of nothing', false, frame(0, text('a'))],
    ['a message that may be too long', false, frame(2, new Uint8Array(65_536))],
  ])('stays clean in a chunk behind %s: %p', (_what, clean, bytes) => {
    const boundary = new FrameBoundary();
    boundary.pass(bytes, 0);
    expect(boundary.isClean).toBe(clean);
  });

  it('closes with a close frame', () => {
    const boundary = new FrameBoundary();
    boundary.pass(frame(8, Uint8Array.of(3, 232)), 0);
    expect([boundary.isClosed, boundary.isClean]).toEqual([true, false]);
  });
});
