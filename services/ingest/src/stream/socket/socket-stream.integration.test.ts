import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { encodePcm16le } from '@earshot/audio';
import type { SessionRef } from '@earshot/protocol';
import { computedAudio, findAudioDifference, until } from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EdgeLimits } from '../edge-context.ts';
import { type EdgeBench, startEdge } from '../testing/edge-bench.ts';
import { createMemoryHost, type MemoryHost } from '../testing/memory-host.ts';
import { createMemorySessions, type MemorySessions } from '../testing/memory-sessions.ts';
import type { MemoryStream } from '../testing/memory-stream.ts';

const STREAM = 'str_00000000000000000000000001';
const RATE = 16_000;

let host: MemoryHost;
let sessions: MemorySessions;
let ref: SessionRef;
let stream: MemoryStream;
let bench: EdgeBench;

async function start(limits: Partial<EdgeLimits> = {}): Promise<void> {
  bench = await startEdge({ sessions: sessions.sessions, host, limits });
}

beforeEach(() => {
  host = createMemoryHost();
  sessions = createMemorySessions();
  ref = sessions.add(STREAM, 'ses_0000000000000001');
  stream = host.stream(ref);
});

afterEach(async () => {
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
});

const pcm = (seed: number, from: number, samples: number): Uint8Array =>
  encodePcm16le(computedAudio(seed, from, samples));

/** The stream has exactly that audio. */
function expectAudio(seed: number, samples: number): void {
  expect(findAudioDifference(stream.samples(), { seed, samples })).toBeNull();
}

async function ended(count = 1): Promise<MemoryStream['ends']> {
  await until(() => stream.ends.length === count, { what: 'the end' });
  return stream.ends;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('a stream socket', () => {
  it('closes with 1000 by itself once what came is durable, and sends the client no message', async () => {
    await start();
    const client = await bench.connect(STREAM);
    for (let at = 0; at < 15 * RATE; at += 1600) await client.send(pcm(1, at, 1600));
    const stoppedAt = performance.now();
    await client.send('{"event":"stop"}');
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    expect(stream.ends).toMatchObject([
      { epoch: 1, closedBy: 'stop', format: { dialect: 'raw' }, stats: { frames: 150, malformedFrames: 0 } },
    ]);
    expect([stream.gaps, stream.warnings]).toEqual([[], []]);
    expectAudio(1, 15 * RATE);
    expect(client.messages).toEqual([]);
  });

  it('does not close with 1000 before what came is durable', async () => {
    await start();
    const client = await bench.connect(STREAM);
    host.commit.hold();
    await client.send(pcm(1, 0, RATE));
    await client.send('{"event":"stop"}');
    await ended();
    await pause(100);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    host.commit.release();
    expect((await client.closed).code).toBe(1000);
  });

  it('closes with 1013 when what came will never be durable, never with 1000', async () => {
    await start({ streamFlushMs: 50 });
    const client = await bench.connect(STREAM);
    host.commit.hold();
    await client.send(pcm(12, 0, RATE));
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1013);
    host.commit.release();
  });

  it('keeps everything when it is closed without stop', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(2, 0, 5 * RATE));
    client.socket.close();
    expect(await ended()).toMatchObject([{ closedBy: 'client' }]);
    expectAudio(2, 5 * RATE);
  });

  it('keeps what arrived when the connection breaks', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(3, 0, 5 * RATE));
    await until(() => client.socket.bufferedAmount === 0);
    await pause(100);
    client.socket.terminate();
    expect(await ended()).toMatchObject([{ closedBy: 'client' }]);
    expectAudio(3, 5 * RATE);
  });

  it('takes frames that come with the upgrade request, before it is answered', async () => {
    host.beforeOpen = () => pause(50);
    await start();
    const socket = connectTcp(bench.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.resume();
    const head = `GET /voice/v1/stream/sessions/${STREAM}/audio HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    const samples = 30_000;
    const payload = Buffer.from(pcm(4, 0, samples));
    const frameHead = Buffer.from([0x82, 0xfe, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
    socket.write(Buffer.concat([Buffer.from(head), frameHead, payload]));
    socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
    await ended();
    socket.destroy();
    expectAudio(4, samples);
  });

  it('needs no end of TCP to see that a client has closed', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(14, 0, RATE));
    await until(() => client.socket.bufferedAmount === 0);
    client.socket.close();
    client.socket.pause();
    expect(await ended()).toMatchObject([{ closedBy: 'client' }]);
    expectAudio(14, RATE);
    client.socket.terminate();
  });

  it('reads mu-law and two tracks of a telephony dialect', async () => {
    await start();
    const client = await bench.connect(STREAM);
    const send = (message: unknown): Promise<void> => client.send(JSON.stringify(message));
    await send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
    const start1 = {
      streamSid: 'MZ1',
      callSid: 'CA1',
      accountSid: 'AC1',
      tracks: ['inbound', 'outbound'],
      mediaFormat,
    };
    await send({ event: 'start', sequenceNumber: '1', streamSid: 'MZ1', start: start1 });
    const payload = Buffer.alloc(160, 0x80).toString('base64');
    for (let chunk = 1; chunk <= 50; chunk += 1) {
      for (const track of ['inbound', 'outbound']) {
        const media = { track, chunk: String(chunk), timestamp: String(chunk * 20), payload };
        await send({ event: 'media', sequenceNumber: String(chunk), streamSid: 'MZ1', media });
      }
    }
    await send({
      event: 'stop',
      sequenceNumber: '200',
      streamSid: 'MZ1',
      stop: { accountSid: 'AC1', callSid: 'CA1' },
    });
    expect((await client.closed).code).toBe(1000);
    expect(stream.ends).toMatchObject([
      {
        format: { dialect: 'twilio', encoding: 'mulaw', callId: 'CA1', providerStreamId: 'MZ1' },
        stats: { frames: 100 },
      },
    ]);
    expect(stream.standing()).toMatchObject([
      { track: 'inbound', sampleRate: 8000, received: 8000 },
      { track: 'outbound', sampleRate: 8000, received: 8000 },
    ]);
  });

  it('takes big-endian samples when the URL says so', async () => {
    await start();
    const client = await bench.connect(STREAM, { query: '?byte_order=big' });
    const swapped = Buffer.from(pcm(5, 0, RATE)).swap16();
    await client.send(swapped);
    await client.send('{"event":"stop"}');
    await client.closed;
    expectAudio(5, RATE);
    expect(stream.ends).toMatchObject([{ format: { bigEndian: true } }]);
  });

  it('confirms the Jambonz subprotocol and no other', async () => {
    await start();
    const jambonz = await bench.connect(STREAM, { protocols: ['x', 'audio.jambonz.org'] });
    expect(jambonz.socket.protocol).toBe('audio.jambonz.org');
    expect(jambonz.socket.extensions).toBe('');
    jambonz.socket.close();
    await ended();
  });

  it('says from where its client can go on', async () => {
    await start();
    const client = await bench.connect(STREAM, { query: '?from_sample=32000' });
    expect(host.opened).toEqual([{ transport: 'websocket', from: 32_000 }]);
    client.socket.close();
    await ended();
  });

  it('gives way to a newer connection at once, which goes on where the older stood', async () => {
    await start();
    const first = await bench.connect(STREAM);
    await first.send(pcm(6, 0, 3 * RATE));
    await until(() => stream.samples().length === 3 * RATE);
    host.commit.hold();
    const second = await bench.connect(STREAM);
    expect(await first.closed).toMatchObject({ code: 4409 });
    host.commit.release();
    await second.send(pcm(6, 3 * RATE, 3 * RATE));
    await second.send('{"event":"stop"}');
    expect((await second.closed).code).toBe(1000);
    expect(stream.ends).toMatchObject([
      { epoch: 1, closedBy: 'superseded' },
      { epoch: 2, closedBy: 'stop' },
    ]);
    expectAudio(6, 6 * RATE);
  });

  it('lets the newest of many connections win, and every other hear that it did', async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 10 }, () => bench.connect(STREAM)));
    await until(() => clients.filter(({ socket }) => socket.readyState === socket.OPEN).length === 1);
    const losers = clients.filter(({ socket }) => socket.readyState !== socket.OPEN);
    expect(losers).toHaveLength(9);
    for (const { closed } of losers) expect((await closed).code).toBe(4409);
    for (const { socket } of clients) socket.close();
    expect((await ended(10)).map((end) => end.epoch).sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('takes all that was sent before End was asked for, then closes with 1000', async () => {
    await start();
    const client = await bench.connect(STREAM);
    for (let at = 0; at < 15 * RATE; at += RATE) client.socket.send(pcm(7, at, RATE));
    host.halt(ref, 'end');
    expect((await client.closed).code).toBe(1000);
    expect(await ended()).toMatchObject([{ closedBy: 'server' }]);
    expectAudio(7, 15 * RATE);
  });

  it('does not wait long for a client that ignores our close', async () => {
    await start({ streamDrainMs: 50, closeHandshakeMs: 50 });
    const client = await bench.connect(STREAM);
    await client.send(pcm(8, 0, RATE));
    await pause(50);
    client.socket.pause();
    host.halt(ref, 'end');
    expect(await ended()).toMatchObject([{ closedBy: 'server' }]);
    await until(() => bench.edge.liveCount() === 0);
    client.socket.terminate();
  });

  it('is closed with 1008 when its session is erased', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(9, 0, 5 * RATE));
    host.halt(ref, 'erased');
    expect((await client.closed).code).toBe(1008);
    await until(() => bench.edge.liveCount() === 0);
  });

  it.each([
    ['no_room', 1013],
    ['failed', 1012],
    ['shutdown', 1012],
  ] as const)('is closed for %s with %d', async (reason, code) => {
    await start({ streamDrainMs: 50 });
    const client = await bench.connect(STREAM);
    host.halt(ref, reason);
    expect((await client.closed).code).toBe(code);
    expect(await ended()).toMatchObject([{ closedBy: 'server' }]);
  });

  it('is closed with 1012 at once when the disk fails while its tail is on the way', async () => {
    await start();
    const client = await bench.connect(STREAM);
    host.commit.hold();
    await client.send(pcm(9, 0, RATE));
    await client.send('{"event":"stop"}');
    await ended();
    stream.ends.splice(0);
    host.commit.fail();
    host.halt(ref, 'failed');
    expect([1012, 1013]).toContain((await client.closed).code);
  });

  it('is not read while this node is behind, and neither pinged nor taken for idle meanwhile', async () => {
    await start({ pingIntervalMs: 100, streamIdleMs: 300 });
    let go: () => void = () => undefined;
    host.room = new Promise((resolve) => {
      go = resolve;
    });
    const client = await bench.connect(STREAM);
    await client.send(pcm(15, 0, RATE));
    await until(() => stream.samples().length === RATE);
    for (let at = RATE; at < 40 * RATE; at += RATE) client.socket.send(pcm(15, at, RATE));
    await pause(600);
    expect(stream.samples().length).toBeLessThan(30 * RATE);
    host.room = undefined;
    go();
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1000);
    expectAudio(15, 40 * RATE);
  });

  it('is closed with 1001 when idle, though its peer answers pings', async () => {
    await start({ streamIdleMs: 600, pingIntervalMs: 100, streamReadIntervalMs: 20 });
    const client = await bench.connect(STREAM);
    let pings = 0;
    client.socket.on('ping', () => (pings += 1));
    await client.send(pcm(10, 0, RATE));
    expect((await client.closed).code).toBe(1001);
    expect(pings).toBeGreaterThan(0);
    expect(stream.ends).toMatchObject([{ closedBy: 'server' }]);
    expectAudio(10, RATE);
  });

  it('is cut off when its peer answers no pings, and keeps its audio', async () => {
    await start({ pingIntervalMs: 10 });
    const client = await bench.connect(STREAM);
    await client.send(pcm(11, 0, RATE));
    await until(() => stream.samples().length === RATE);
    client.socket.pause();
    expect(await ended()).toMatchObject([{ closedBy: 'client' }]);
    client.socket.terminate();
  });

  it('is closed with 1012 when the node stops, and new ones are refused', async () => {
    await start({ streamDrainMs: 200 });
    const other = sessions.add('str_00000000000000000000000002', 'ses_0000000000000002');
    const clients = [await bench.connect(STREAM), await bench.connect('str_00000000000000000000000002')];
    for (const client of clients) await client.send(pcm(13, 0, 4 * RATE));
    await bench.edge.close(5000);
    for (const client of clients) expect((await client.closed).code).toBe(1012);
    expectAudio(13, 4 * RATE);
    expect(host.stream(other).closedBy).toEqual(['server']);
    await expect(bench.connect(STREAM)).rejects.toThrow('503');
  });

  it('is refused with 503 when the node feeds as many as it can, until one ends', async () => {
    await start();
    host.maxLiveStreams = 1;
    sessions.add('str_00000000000000000000000002', 'ses_0000000000000002');
    const first = await bench.connect(STREAM);
    await expect(bench.connect('str_00000000000000000000000002')).rejects.toThrow('503');
    first.socket.close();
    await until(() => bench.edge.liveCount() === 0);
    const second = await bench.connect('str_00000000000000000000000002');
    second.socket.close();
    await until(() => bench.edge.liveCount() === 0);
  });

  it('writes no stream id into its log', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send('{"event":"stop"}');
    await client.closed;
    const text = JSON.stringify(bench.log.lines);
    expect(text).toContain('ses_0000000000000001');
    expect(text).not.toContain(STREAM);
  });
});
