import { MEDIA_PROTOCOL } from '@earshot/protocol';
import { apiErrorOf, EarshotConnectionError } from '../../http/api-error.ts';
import { type Socket, type SocketConstructor, socketConstructor } from '../../stream/link/socket.ts';

/** A socket that was asked for, and the refusal of the server, if one comes. */
export interface AskedSocket {
  readonly socket: Socket;
  /** Rejects with EarshotApiError when the server answers with an error instead of a socket. */
  readonly refused: Promise<never>;
}

const never = (): Promise<never> => new Promise(() => undefined);

/** By a link that holds a token: any runtime can do that. */
export async function openByLink(url: string, given: SocketConstructor | undefined): Promise<AskedSocket> {
  const SocketClass = await socketConstructor(given);
  return { socket: new SocketClass(url, [MEDIA_PROTOCOL]), refused: never() };
}

/** With a key in the headers, which browsers do not let pages set. */
export async function openByKey(url: string, headers: Record<string, string>): Promise<AskedSocket> {
  // Where it cannot be loaded, and where a bundler puts an empty stand-in, there is a browser.
  const loaded = await import('ws').catch(() => undefined);
  if (loaded === undefined || !Object.hasOwn(loaded, 'WebSocket')) {
    throw new EarshotConnectionError('A browser cannot send a key to a media socket: open it by a wsUrl.');
  }
  const socket = new loaded.WebSocket(url, { headers, perMessageDeflate: false });
  const refused = new Promise<never>((_, reject) => {
    socket.on('unexpected-response', (request, response) => {
      const parts: Uint8Array[] = [];
      response.on('data', (part: Uint8Array) => parts.push(part));
      response.on('close', () => {
        request.destroy();
        const body = new TextDecoder().decode(joined(parts));
        reject(apiErrorOf(response.statusCode ?? 0, body, response.headers['retry-after'] ?? null));
      });
    });
  });
  return { socket, refused };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
