import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { until } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type WebSocket, WebSocketServer } from 'ws';
import { PacedReader, type ReadMessage } from './paced-reader.ts';
import { ReadPace } from './read-pace.ts';
import { conversation, cuts, frameBytes, messagesOf, pieces } from './testing/client-frames.ts';

const http = createServer();
const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false });
const PACE_MS = 20;
const pace = new ReadPace(PACE_MS);
const clients: Socket[] = [];

/** What the server side of one client has seen. */
interface Seen {
  readonly webSocket: WebSocket;
  readonly reader: PacedReader;
  readonly messages: ReadMessage[];
  readonly errors: Error[];
  rests: number;
  closed: boolean;
}

let told: (seen: Seen) => void = () => undefined;

function serve(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  server.handleUpgrade(request, socket, head, (webSocket) => {
    const messages: ReadMessage[] = [];
    const errors: Error[] = [];
    const sink = {
      message: (message: ReadMessage) => messages.push({ ...message, data: Buffer.from(message.data) }),
      rested: () => (seen.rests += 1),
    };
    const reader = new PacedReader({ webSocket, socket }, pace, sink);
    const seen: Seen = { webSocket, reader, messages, errors, rests: 0, closed: false };
    webSocket.on('error', (error) => errors.push(error));
    webSocket.on('close', () => (seen.closed = true));
    told(seen);
  });
}

async function open(): Promise<{ client: Socket; seen: Seen }> {
  const seen = new Promise<Seen>((resolve) => {
    told = resolve;
  });
  const { port } = http.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  clients.push(client);
  client.setNoDelay(true);
  client.on('error', () => undefined);
  const key = Buffer.alloc(16).toString('base64');
  client.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await once(client, 'data');
  return { client, seen: await seen };
}

const binary = (payload: Uint8Array): Uint8Array =>
  frameBytes({ fin: true, opcode: 2, payload, mask: [9, 8, 7, 6] });
const bytesIn = (messages: readonly ReadMessage[]): number =>
  messages.reduce((sum, { data }) => sum + data.length, 0);

/** Messages with those that came one behind the other joined, which is all that a reader promises of binary ones. */
function joined(messages: readonly { binary: boolean; data: Uint8Array }[]): string[] {
  const runs: { binary: boolean; text: string }[] = [];
  for (const { binary: isBinary, data } of messages) {
    const text = Buffer.from(data).toString('latin1');
    const last = runs.at(-1);
    if (last?.binary === true && isBinary) last.text += text;
    else runs.push({ binary: isBinary, text });
  }
  return runs.map((run) => `${run.binary ? 'binary' : 'text'} ${run.text}`);
}

beforeAll(async () => {
  http.on('upgrade', serve);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterAll(() => {
  http.close();
});

describe('a paced reader', () => {
  it('gives what was sent, in order, whatever frames it came in and however they were cut', async () => {
    await fc.assert(
      fc.asyncProperty(conversation, cuts, async (sent, sizes) => {
        const { client, seen } = await open();
        const whole = Buffer.concat(sent.map((frame) => frameBytes(frame)));
        for (const piece of pieces(whole, sizes)) {
          client.write(piece);
          if (piece.length % 3 === 0) await new Promise((done) => setTimeout(done, 1));
        }
        const expected = messagesOf(sent);
        const bytes = expected.reduce((sum, { data }) => sum + data.length, 0);
        await until(() => bytesIn(seen.messages) >= bytes);
        client.end(frameBytes({ fin: true, opcode: 8, payload: Uint8Array.of(3, 232), mask: [1, 2, 3, 4] }));
        await until(() => seen.closed);
        expect(joined(seen.messages)).toEqual(joined(expected));
        expect(seen.messages.reduce((sum, { messages }) => sum + messages, 0)).toBe(expected.length);
        expect(seen.errors).toEqual([]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('reads all that came in an interval at once', async () => {
    const { client, seen } = await open();
    const began = performance.now();
    for (let index = 0; index < 60; index += 1) {
      client.write(binary(new Uint8Array(640).fill(index)));
      await new Promise((done) => setTimeout(done, 2));
    }
    await until(() => bytesIn(seen.messages) === 60 * 640);
    expect(seen.rests).toBeLessThanOrEqual((performance.now() - began) / PACE_MS + 2);
    expect(seen.messages.reduce((sum, { messages }) => sum + messages, 0)).toBe(60);
  });

  it('does not keep a sender waiting that is ahead of real time', async () => {
    const { client, seen } = await open();
    const began = performance.now();
    for (let index = 0; index < 200; index += 1) client.write(binary(new Uint8Array(32_000)));
    await until(() => bytesIn(seen.messages) === 200 * 32_000);
    // At a read of 64 kB in every interval this would take two seconds.
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('leaves a paused socket to the kernel, and goes on where it was', async () => {
    const { client, seen } = await open();
    seen.webSocket.pause();
    client.write(binary(new Uint8Array(1000)));
    await new Promise((done) => setTimeout(done, 100));
    expect(seen.messages).toEqual([]);
    seen.webSocket.resume();
    await until(() => bytesIn(seen.messages) === 1000);
  });

  it('gives the socket back to the library in the middle of a frame', async () => {
    const { client, seen } = await open();
    const frame = binary(new Uint8Array(1000).fill(7));
    client.write(frame.subarray(0, 300));
    await new Promise((done) => setTimeout(done, 60));
    seen.reader.release();
    client.write(Buffer.concat([frame.subarray(300), binary(new Uint8Array(50).fill(8))]));
    await until(() => bytesIn(seen.messages) === 1050);
    expect(joined(seen.messages)).toEqual(
      joined([{ binary: true, data: Buffer.alloc(1050, 7).fill(8, 1000) }]),
    );
  });

  it('leaves broken frames to the library, and takes nothing behind them', async () => {
    const { client, seen } = await open();
    client.write(
      Buffer.concat([
        binary(new Uint8Array(10)),
        Uint8Array.of(0xff, 0x80, 0, 0, 0, 0),
        binary(new Uint8Array(20)),
      ]),
    );
    await until(() => seen.errors.length === 1);
    expect(seen.errors[0]).toMatchObject({ code: 'WS_ERR_UNEXPECTED_RSV_2_3' });
    expect(bytesIn(seen.messages)).toBe(10);
  });

  it('takes what came before a connection broke', async () => {
    const { client, seen } = await open();
    client.write(binary(new Uint8Array(5000)));
    await new Promise((done) => setTimeout(done, 1));
    client.resetAndDestroy();
    await until(() => seen.closed);
    expect(bytesIn(seen.messages)).toBe(5000);
  });
});
