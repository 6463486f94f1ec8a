import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

type SocketState = Pick<WebSocket, 'bufferedAmount' | 'readyState' | 'OPEN'>;

/** The part of a socket that events go out by. */
export interface EventSocket extends SocketState {
  /** Sends a text message; a failure shows itself as the end of the socket. */
  send(text: string): void;
}

/** RFC 6455 section 5.2: a whole text message, not masked; its length, or that two bytes of length follow. */
const TEXT = 0x81;
const LENGTH_16 = 126;
const MAX_LENGTH_16 = 65_535;

/**
 * Frames plain messages itself and writes each as one piece: the library writes a head and a body, for which node
 * gathers them in a vector, and an acknowledgement is most of what a stream costs to answer.
 */
export function eventSocketOf(client: {
  readonly webSocket: SocketState & { send(text: string, sent: () => void): void };
  readonly socket: Pick<Duplex, 'write'>;
}): EventSocket {
  const { webSocket, socket } = client;
  return {
    OPEN: webSocket.OPEN,
    get readyState() {
      return webSocket.readyState;
    },
    get bufferedAmount() {
      return webSocket.bufferedAmount;
    },
    send(text) {
      if (isPlain(text)) socket.write(headOf(text.length) + text, 'latin1');
      else webSocket.send(text, () => undefined);
    },
  };
}

/** Of one byte for each character, and of a length that needs no more than two. */
function isPlain(text: string): boolean {
  return text.length <= MAX_LENGTH_16 && !/[^\x20-\x7e]/.test(text);
}

function headOf(length: number): string {
  if (length < LENGTH_16) return String.fromCharCode(TEXT, length);
  return String.fromCharCode(TEXT, LENGTH_16, length >> 8, length & 0xff);
}
