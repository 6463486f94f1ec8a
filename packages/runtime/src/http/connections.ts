import type { Socket } from 'node:net';
import type { HttpServer } from './contract/http-server.ts';

const SWEEP_MS = 100;

/**
 * Lets a server close as soon as its last request is answered. Node alone would wait for connections that never sent a
 * byte, and for those that become idle only after closing began.
 */
export function registerConnectionSweep(app: HttpServer): void {
  const { server } = app;
  const sockets = new Set<Socket>();
  let sweeping: NodeJS.Timeout | undefined;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const sweep = (): void => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    server.closeIdleConnections();
  };
  app.addHook('preClose', (done) => {
    sweeping = setInterval(sweep, SWEEP_MS).unref();
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(sweeping);
    done();
  });
}
