import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A media client without a WebSocket library, which can break every rule. */
export interface RawClient {
  readonly socket: Socket;
  /** The head of the answer to the upgrade. */
  readonly head: string;
  /** The code of the first close frame, or 1006 when the connection ended without one. */
  readonly closeCode: Promise<number>;
}

export async function rawClient(port: number, path: string, headers = ''): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [first] = (await once(socket, 'data')) as [Buffer];
  const end = first.indexOf('\r\n\r\n') + 4;
  const head = first.subarray(0, end).toString();
  let rest = first.subarray(end);
  const closeCode = new Promise<number>((resolve) => {
    socket.once('close', () => resolve(1006));
    socket.on('data', (part: Buffer) => {
      rest = Buffer.concat([rest, part]);
      const code = closeCodeIn(rest);
      if (code === undefined) return;
      resolve(code);
    });
  });
  return { socket, head, closeCode };
}

/** The code in the first close frame among the server's frames. */
function closeCodeIn(answer: Buffer): number | undefined {
  for (let at = 0; at + 4 <= answer.length; ) {
    const short = answer[at + 1] ?? 0;
    if (answer[at] === 0x88) return answer.readUInt16BE(at + 2);
    at += short < 126 ? 2 + short : 4 + answer.readUInt16BE(at + 2);
  }
  return undefined;
}

/** A masked frame, with a mask of zeros so that the payload reads as it is. */
export function frame(first: number, payload: Uint8Array | string, declared = payload.length): Buffer {
  const head = declared < 126 ? [first, 0x80 | declared] : [first, 0xfe, declared >> 8, declared & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(payload)]);
}

export const BINARY = 0x82;
export const TEXT = 0x81;
export const PING = 0x89;
