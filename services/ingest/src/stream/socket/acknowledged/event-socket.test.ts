import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { eventSocketOf } from './event-socket.ts';

/** What goes out by the socket itself, and what the library is left with. */
function sent(text: string): { wire: Buffer; left: string[] } {
  const socket = new PassThrough({ highWaterMark: 1_000_000 });
  const left: string[] = [];
  const send = (data: string): void => void left.push(data);
  const webSocket = { OPEN: 1, readyState: 1, bufferedAmount: 0, send } as const;
  eventSocketOf({ webSocket, socket }).send(text);
  return { wire: (socket.read() as Buffer | null) ?? Buffer.alloc(0), left };
}

describe('a socket for events', () => {
  it.each([
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
  ])('writes a message of %d characters as one whole text frame', (length, head) => {
    const text = 'x'.repeat(length);
    expect(sent(text)).toEqual({ wire: Buffer.concat([Buffer.from(head), Buffer.from(text)]), left: [] });
  });

  it.each(['x'.repeat(65_536), 'größer', 'a\u2028b', '\u{1f600}'])(
    'leaves what is long or has other characters to the library',
    (text) => {
      expect(sent(text)).toEqual({ wire: Buffer.alloc(0), left: [text] });
    },
  );
});
