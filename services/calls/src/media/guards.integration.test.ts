import { once } from 'node:events';
import { encodePcm16le } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { computedAudio, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { type MediaBench, startMediaBench } from './testing/media-bench.ts';
import type { MemoryCall } from './testing/memory-calls.ts';
import { BINARY, frame, PING, rawClient, TEXT } from './testing/raw-client.ts';

const SECOND = LIMITS.callSampleRate;

let bench: MediaBench;
let call: MemoryCall;

async function start(deps: Parameters<typeof startMediaBench>[0] = {}): Promise<void> {
  bench = await startMediaBench(deps);
  call = bench.calls.add({ callId: 'call_a' });
}

beforeEach(() => start());
afterEach(() => bench.close());

/** Frames of a length that needs two bytes, or four. */
const long = (bytes: number): Buffer =>
  Buffer.from([BINARY, 0xff, 0, 0, 0, 0, 0, bytes >> 16, bytes >> 8, bytes, 0, 0, 0, 0]);

describe('a client that breaks the WebSocket protocol', () => {
  it.each<[string, number, () => Buffer]>([
    ['an unmasked frame', 1002, () => Buffer.from([BINARY, 2, 1, 2])],
    ['a compressed frame although nothing was agreed', 1002, () => frame(BINARY | 0x40, 'ab')],
    ['a fragmented ping', 1002, () => frame(0x09, 'ab')],
    ['a message of 2^40 bytes', 1009, () => Buffer.from([BINARY, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['a message one byte too long', 1009, () => long(LIMITS.maxMessageBytes + 1)],
    ['text that is not UTF-8', 1007, () => frame(TEXT, Buffer.from([0xc0, 0x80]))],
    [
      'a message in too many fragments',
      1008,
      () =>
        Buffer.concat([
          frame(0x02, 'ab'),
          ...Array.from({ length: LIMITS.maxMessageFragments }, () => frame(0x00, 'ab')),
        ]),
    ],
    [
      'more pings than anybody needs',
      1008,
      () =>
        Buffer.concat(Array.from({ length: 2 * LIMITS.maxEmptyFramesPerSecond + 2 }, () => frame(PING, ''))),
    ],
    [
      'more empty messages than anybody needs',
      1008,
      () =>
        Buffer.concat(
          Array.from({ length: 2 * LIMITS.maxEmptyFramesPerSecond + 2 }, () => frame(BINARY, '')),
        ),
    ],
  ])('is closed and leaves the call: %s', async (_what, code, bytes) => {
    const client = await rawClient(bench.port, bench.path('call_a', 'talk'));
    client.socket.write(bytes());
    expect(await client.closeCode).toBe(code);
    expect(call.clients).toBe(0);
    client.socket.destroy();
    await until(() => bench.edge.clients === 0);
  });

  it('is not offered compression', async () => {
    const offer = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';
    const { head, socket } = await rawClient(bench.port, bench.path('call_a', 'talk'), offer);
    expect(head).toContain('101 Switching Protocols');
    expect(head.toLowerCase()).not.toContain('extensions');
    socket.destroy();
  });
});

describe('a client that is gone without a word', () => {
  it('leaves the call when it has sent its close frame, whatever becomes of its connection', async () => {
    const client = await rawClient(bench.port, bench.path('call_a', 'listen'));
    client.socket.write(frame(0x88, Buffer.from([3, 0xe8])));
    expect(await client.closeCode).toBe(1000);
    await until(() => call.clients === 0, { timeoutMs: 1000 });
    client.socket.destroy();
  });

  it('is cut off when it answers no ping, and the one who answers is not', async () => {
    await bench.close();
    await start({ limits: { pingIntervalMs: 150 } });
    const silent = await rawClient(bench.port, bench.path('call_a', 'listen'));
    const alive = await bench.join(bench.path('call_a', 'listen'));
    expect(call.clients).toBe(2);
    expect(await silent.closeCode).toBe(1006);
    await until(() => call.clients === 1);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    expect(bench.written.join('\n')).toMatch(/closed .*"listen".* lost/);
  });

  it('leaves the call at once when its connection ends without a close frame', async () => {
    const client = await rawClient(bench.port, bench.path('call_a', 'talk'));
    client.socket.write(frame(BINARY, encodePcm16le(computedAudio(1, 0, 8))));
    await until(() => call.talked().length === 8);
    client.socket.end();
    await until(() => call.clients === 0 && bench.edge.clients === 0);
  });

  it('does not keep the server from ending', async () => {
    await rawClient(bench.port, bench.path('call_a', 'talk'));
    const since = performance.now();
    await bench.edge.close(300);
    expect(performance.now() - since).toBeLessThan(5000);
    await until(() => bench.edge.clients === 0);
  });

  it('is cut off when it does not answer the close frame', async () => {
    await bench.close();
    await start({ limits: { closeHandshakeMs: 200 } });
    const client = await rawClient(bench.port, bench.path('call_a', 'listen'));
    call.end();
    expect(await client.closeCode).toBe(1000);
    await once(client.socket, 'close');
    await until(() => bench.edge.clients === 0);
  });
});

describe('a client that does not read', () => {
  it('gets a counted gap while everybody else hears everything, and is told how much it missed', async () => {
    const slow = await bench.join(bench.path('call_a', 'listen'), { protocols: ['earshot.media.v1'] });
    const fast = await bench.join(bench.path('call_a', 'listen'));
    await until(() => slow.texts.length === 2);
    slow.socket.pause();
    let said = 0;
    const noise = computedAudio(1, 0, SECOND / 10);
    const speak = (samples: number): void => {
      for (const end = said + samples; said < end; said += noise.length) call.hear(noise);
    };
    await until(
      () => {
        speak(SECOND);
        return call.missed > 0;
      },
      { timeoutMs: 20_000 },
    );
    slow.socket.resume();
    await until(() => slow.texts.length > 2, { timeoutMs: 20_000 });
    speak(SECOND);
    const heard = (client: { bytes(): Buffer }): number => client.bytes().length / 2;
    await until(() => heard(fast) >= said - 960, { timeoutMs: 20_000 });
    const gaps = () => slow.events().flatMap((event) => (event.type === 'gap' ? [event.samples] : []));
    await until(() => heard(slow) + gaps().reduce((sum, gap) => sum + gap, 0) >= said - 960, {
      timeoutMs: 20_000,
    });
    expect(gaps().length).toBeGreaterThan(0);
    expect(call.missed).toBe(gaps().reduce((sum, gap) => sum + gap, 0));
    expect(bench.observed.gapSamples).toBe(call.missed);
    expect(fast.texts).toEqual([]);
  }, 60_000);

  it('is closed with 1008 when what it is told piles up', async () => {
    await bench.close();
    await start({ limits: { maxSocketBufferedBytes: 20_000 } });
    const slow = await bench.join(bench.path('call_a', 'listen'), { protocols: ['earshot.media.v1'] });
    slow.socket.pause();
    const event = { type: 'error', code: 'x', message: 'x'.repeat(10_000) } as const;
    await until(
      () => {
        for (let index = 0; index < 50; index += 1) call.tell(event);
        return call.clients === 0;
      },
      { timeoutMs: 20_000 },
    );
    slow.socket.resume();
    expect(await slow.closed).toMatchObject({
      code: 1008,
      reason: 'The client does not read what it is sent.',
    });
  }, 60_000);
});
