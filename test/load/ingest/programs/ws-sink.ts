import { monitorEventLoopDelay } from 'node:perf_hooks';
import { WebSocketServer } from 'ws';
import { LOOP_RESOLUTION_MS, worstReading } from '../servers/readings/loop-delay.ts';

/** The physical limit of the library: takes every message of every stream and throws it away. */
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
delay.enable();
let bytes = 0;
let since = performance.now();

server.on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    bytes += data.length;
  });
  socket.on('error', () => undefined);
});
server.on('listening', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'string' ? 0 : (address?.port ?? 0) });
});
process.on('message', (question: { readonly id: number }) => {
  const now = performance.now();
  process.send?.({ id: question.id, bytes, loopP99Ms: worstReading(delay, now - since) });
  since = now;
  delay.reset();
});
process.on('disconnect', () => process.exit(0));
