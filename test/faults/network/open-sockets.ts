import type { Server, Socket } from 'node:net';

/** The sockets of a TCP server in between, so that all of them can be ended with it. */
export class OpenSockets {
  readonly #open = new Set<Socket>();

  /** Passes small pieces on at once; an error only ends the socket. */
  track(socket: Socket): Socket {
    this.#open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  }

  /** Resolves when the server takes no more and every socket is gone. */
  stop(server: Server): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of this.#open) socket.destroy();
    });
  }
}
