/** The part of the W3C WebSocket that a stream uses; browsers, Node 22 and the `ws` package all have it. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  /** The subprotocol that the server chose, '' for none. */
  readonly protocol: string;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  /** Only `ws` has it: ends the connection without waiting for the peer. */
  terminate?(): void;
  addEventListener(
    type: 'open' | 'close' | 'error' | 'message',
    listener: (event: SocketEvent) => void,
  ): void;
}

/** Fields that the events of a socket may carry. */
export interface SocketEvent {
  readonly type: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly data?: unknown;
}

export type SocketConstructor = new (url: string, protocols?: string[]) => Socket;

/** The given constructor, else the runtime's own, else the `ws` package (Node before 22). */
export async function socketConstructor(given: SocketConstructor | undefined): Promise<SocketConstructor> {
  if (given !== undefined) return given;
  const own: unknown = Reflect.get(globalThis, 'WebSocket');
  if (isSocketConstructor(own)) return own;
  const { WebSocket } = await import('ws');
  return WebSocket;
}

function isSocketConstructor(value: unknown): value is SocketConstructor {
  return typeof value === 'function';
}
