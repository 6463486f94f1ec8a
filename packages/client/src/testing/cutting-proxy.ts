import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Bytes that one connection may carry before it is cut; both ends see a reset without a goodbye. */
export interface Cut {
  readonly upBytes?: number;
  readonly downBytes?: number;
  /** Goes on reading without passing anything on, as a network that is gone, instead of cutting. */
  readonly swallow?: boolean;
}

/** A TCP proxy on loopback that ends connections at exact bytes. */
export interface CuttingProxy {
  readonly port: number;
  /** Connections that it has cut. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** `plan` is asked once for each connection; undefined lets it live. */
export async function startCuttingProxy(
  targetPort: number,
  plan: (connection: number) => Cut | undefined,
): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let connections = 0;
  let cuts = 0;
  const server = createServer((near) => {
    const cut = plan(connections++) ?? {};
    const far = connect(targetPort, '127.0.0.1');
    const end = () => {
      near.resetAndDestroy();
      far.destroy();
    };
    const limit = () => {
      cuts += 1;
      if (cut.swallow !== true) end();
    };
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    carry({ from: near, to: far, bytes: cut.upBytes, limit });
    carry({ from: far, to: near, bytes: cut.downBytes, limit });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes bytes on until their number is reached, then calls `limit` once and passes nothing more. */
function carry(way: { from: Socket; to: Socket; bytes: number | undefined; limit: () => void }): void {
  let left = way.bytes ?? Number.POSITIVE_INFINITY;
  way.from.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    const part = chunk.subarray(0, Math.min(chunk.length, left));
    left -= part.length;
    if (!way.to.write(part)) {
      way.from.pause();
      way.to.once('drain', () => way.from.resume());
    }
    if (left <= 0) way.limit();
  });
  way.from.on('end', () => way.to.end());
}
