import { afterEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { type LocalServer, startLocalServer } from '../testing/local-server.ts';
import { openAudioStream } from './audio-stream.ts';
import { StreamClosedError } from './stream-end.ts';

let server: LocalServer;
afterEach(() => server.close());

interface Received {
  readonly audio: Buffer[];
  readonly text: unknown[];
}

/** A server that keeps what it gets and closes with 1000 after a stop frame. */
async function listen(onSocket?: (socket: WebSocket) => void): Promise<Received> {
  const received: Received = { audio: [], text: [] };
  server = await startLocalServer({
    onSocket: (socket) => {
      onSocket?.(socket);
      socket.on('message', (data: Buffer, binary) => {
        if (binary) {
          received.audio.push(data);
          return;
        }
        const frame = JSON.parse(data.toString());
        received.text.push(frame);
        if (frame.event === 'stop') socket.close(1000, 'stored');
      });
    },
  });
  return received;
}

describe('openAudioStream on a server without acks', () => {
  it('sends raw samples in order and resolves stop when the server has closed', async () => {
    const received = await listen();
    const stream = await openAudioStream(server.socketUrl);
    void stream.send(Int16Array.of(1, 2));
    void stream.send(Uint8Array.of(3, 0));
    expect(await stream.stop()).toEqual({ code: 1000, reason: 'stored' });
    expect([...Buffer.concat(received.audio)]).toEqual([1, 0, 2, 0, 3, 0]);
    expect(received.text).toEqual([{ event: 'stop' }]);
  });

  it('declares other rates in a start frame and sends audio as base64', async () => {
    const received = await listen();
    const stream = await openAudioStream(server.socketUrl, { sampleRate: 8000 });
    await stream.send(Int16Array.of(258));
    await stream.stop({ reason: 'end of visit' });
    expect(received.audio).toEqual([]);
    expect(received.text).toEqual([
      { event: 'start', start: { mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000, channels: 1 } } },
      { event: 'media', media: { payload: 'AgE=' } },
      { event: 'stop', reason: 'end of visit' },
    ]);
  });

  it('refuses raw mode for a rate that raw frames cannot declare', async () => {
    await listen();
    await expect(openAudioStream(server.socketUrl, { sampleRate: 8000, mode: 'raw' })).rejects.toThrow(
      RangeError,
    );
  });

  it('holds a fast sender back while the server does not read', async () => {
    let socket: WebSocket | undefined;
    const received = await listen((accepted) => {
      socket = accepted;
      accepted.pause();
    });
    const stream = await openAudioStream(server.socketUrl, { highWaterBytes: 65_536 });
    const total = 24 * 1024 * 1024;
    let sent = false;
    const sending = stream.send(new Uint8Array(total)).then(() => {
      sent = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBe(false);
    socket!.resume();
    await sending;
    await stream.stop();
    expect(Buffer.concat(received.audio).length).toBe(total);
  });

  it('rejects send with the close code when the server hangs up', async () => {
    await listen((socket) => socket.close(1003, 'unsupported'));
    const stream = await openAudioStream(server.socketUrl);
    await stream.closed;
    const failure = await stream.send(Int16Array.of(1)).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(StreamClosedError);
    expect(failure).toMatchObject({ code: 1003, reason: 'unsupported' });
  });

  it('rejects stop when the server closes with another code than 1000', async () => {
    await listen((socket) => socket.on('message', () => socket.close(1011, 'broken')));
    const stream = await openAudioStream(server.socketUrl);
    await expect(stream.stop()).rejects.toMatchObject({ code: 1011 });
  });

  it('does not wait for ever for a server that never closes', async () => {
    server = await startLocalServer({ onSocket: (socket) => socket.on('message', () => undefined) });
    const stream = await openAudioStream(server.socketUrl);
    await expect(stream.stop({ timeoutMs: 50 })).rejects.toMatchObject({ code: 1006 });
  });

  it('rejects when the upgrade is refused', async () => {
    server = await startLocalServer({ refuseUpgrade: 404 });
    const failure = await openAudioStream(server.socketUrl).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(StreamClosedError);
    expect(failure).toMatchObject({ code: 1008, status: 404 });
  });

  it('hangs up without a stop frame on close', async () => {
    const received = await listen();
    const stream = await openAudioStream(server.socketUrl);
    stream.close();
    expect((await stream.closed).code).toBe(1000);
    expect(received.text).toEqual([]);
  });
});
