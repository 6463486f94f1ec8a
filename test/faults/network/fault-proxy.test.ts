import { connect, createServer, type Server, type Socket } from 'node:net';
import { until } from '@earshot/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startBalancer } from './balancer.ts';
import { type ConnectionFault, startFaultProxy } from './fault-proxy.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that answers everything with itself; `seen` is what reached it. */
async function echo(greeting = ''): Promise<{ port: number; seen: () => number; server: Server }> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      bytes += data.length;
      socket.write(data);
    });
    if (greeting !== '') socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, seen: () => bytes, server };
}

async function through(fault: ConnectionFault | undefined) {
  const target = await echo();
  let drops = 0;
  const proxy = await startFaultProxy({ target: target.port, plan: () => fault, onDrop: () => (drops += 1) });
  closing.push(() => proxy.stop());
  const client = connect(proxy.port, '127.0.0.1');
  closing.push(() => Promise.resolve(void client.destroy()));
  const state = { back: 0, error: '', ended: false, closed: false };
  client.on('data', (data) => (state.back += data.length));
  client.on('error', (error: NodeJS.ErrnoException) => (state.error = error.code ?? ''));
  client.once('end', () => (state.ended = true));
  client.once('close', () => (state.closed = true));
  return { client, state, target, drops: () => drops };
}

describe('the fault proxy', () => {
  it('passes everything on, in slices, late and slowly', async () => {
    for (const fault of [undefined, { sliceBytes: 1 }, { latencyMs: 20 }, { bytesPerSecond: 100_000 }]) {
      const { client, state } = await through(fault);
      client.write(Buffer.alloc(5000));
      await until(() => state.back === 5000);
    }
  });

  it('resets both sides at the n-th byte', async () => {
    const { client, state, target, drops } = await through({
      drop: { direction: 'up', atByte: 100, how: 'reset' },
    });
    client.write(Buffer.alloc(5000));
    await until(() => state.closed);
    expect(state.error).toBe('ECONNRESET');
    expect([target.seen(), drops()]).toEqual([100, 1]);
  });

  it('counts bytes towards the client on their own', async () => {
    const { client, state, target } = await through({
      drop: { direction: 'down', atByte: 7, how: 'close' },
    });
    client.write(Buffer.alloc(500));
    await until(() => state.ended);
    expect([state.back, target.seen()]).toEqual([7, 500]);
  });

  it('leaves both sides in the dark when half open', async () => {
    const { client, state, target, drops } = await through({
      drop: { direction: 'up', atByte: 10, how: 'half-open' },
    });
    client.write(Buffer.alloc(50));
    await until(() => drops() === 1);
    client.write(Buffer.alloc(50));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(target.seen()).toBe(10);
    expect(state.closed || state.ended).toBe(false);
  });

  it('swallows one direction while the other works', async () => {
    const { client, state, target } = await through({ mute: { direction: 'down', atByte: 20 } });
    client.write(Buffer.alloc(3000));
    await until(() => target.seen() === 3000);
    client.write(Buffer.alloc(3000));
    await until(() => target.seen() === 6000);
    expect(state.back).toBe(20);
  });
});

describe('the balancer', () => {
  it('takes nodes in turn and leaves out those that are down', async () => {
    const [one, two, gone] = [await echo('1'), await echo('2'), await echo('3')];
    await new Promise((resolve) => gone.server.close(resolve));
    const balancer = await startBalancer([one.port, two.port, gone.port]);
    closing.push(() => balancer.stop());
    const greetings: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      const client = connect(balancer.port, '127.0.0.1');
      greetings.push(await new Promise((resolve) => client.once('data', (data) => resolve(data.toString()))));
      client.destroy();
    }
    expect(new Set(greetings)).toEqual(new Set(['1', '2']));
  });
});
