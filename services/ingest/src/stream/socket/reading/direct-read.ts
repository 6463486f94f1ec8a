import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** What all sockets are read into in turn. */
const memory = Buffer.allocUnsafeSlow(65_536);

/** What is in the kernel for a socket, valid until any socket is read: no byte when nothing came, undefined at its end. */
export type DirectRead = () => Buffer | undefined;

const nothing = Buffer.alloc(0);

/**
 * Reads a plain TCP socket with one call to the kernel: no event, no new memory. Node does not notice, so it has to be
 * asked to read at an end. Undefined where the descriptor is not to be had.
 */
export function directReadOf(socket: Duplex): DirectRead | undefined {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket || descriptorOf(socket) < 0)
    return undefined;
  return () => {
    // Asked anew each time: a number that was given back may be that of another file by now.
    const descriptor = descriptorOf(socket);
    if (descriptor < 0) return undefined;
    try {
      const length = readSync(descriptor, memory, 0, memory.length, null);
      return length === 0 ? undefined : memory.subarray(0, length);
    } catch (error) {
      if (error instanceof Error && isEmpty(error)) return nothing;
      if (error instanceof Error) socket.destroy(error);
      return undefined;
    }
  };
}

/** -1 for a socket that is closed, and where sockets have no descriptor. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return -1;
  const descriptor: unknown = Reflect.get(handle, 'fd');
  return typeof descriptor === 'number' ? descriptor : -1;
}

function isEmpty(error: Error): boolean {
  return 'code' in error && (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK');
}
