import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '@earshot/test-support';
import { OpenSockets } from './open-sockets.ts';

/** A TCP load balancer in front of several nodes. */
export interface Balancer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Takes the nodes in turn and goes on to the next when one does not take the connection. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const port = await freePort();
  const open = new OpenSockets();
  let turn = 0;
  const join = (client: Socket, tries: number): void => {
    turn += 1;
    const server = open.track(connect({ port: ports[turn % ports.length] ?? 0, host: '127.0.0.1' }));
    let connected = false;
    server.once('connect', () => {
      connected = true;
      client.pipe(server).pipe(client);
    });
    server.once('close', () => {
      if (connected || tries <= 1 || client.destroyed) client.destroySoon();
      else join(client, tries - 1);
    });
    client.once('close', () => server.destroySoon());
  };
  const server = createServer((client) => join(open.track(client), ports.length));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, stop: () => open.stop(server) };
}
