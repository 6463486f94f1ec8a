import { createServer } from 'node:net';

/** Below the range that Linux hands to outgoing connections, so that a server can restart on its port. */
const LOWEST = 12_000;
const COUNT = 20_000;

/** A TCP port that nothing on 127.0.0.1 listens on now; this process never hands it out twice. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (handedOut.has(port) || !(await canListen(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error('no free port was found on 127.0.0.1');
}

const handedOut = new Set<number>();

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
