import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { encodePcm16le } from '@earshot/audio';
import { createFolderStore, type ObjectStore } from '@earshot/storage';
import {
  computedAudio,
  findAudioDifference,
  type TemporaryFolder,
  temporaryFolder,
  until,
} from '@earshot/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamLimits } from '../context/ports.ts';
import { type EdgeBench, type EdgeBenchDeps, startEdge } from '../testing/edge-bench.ts';
import { createMemorySessions, type MemorySession, type MemorySessions } from '../testing/memory-sessions.ts';

const STREAM = 'str_00000000000000000000000001';
const RATE = 16_000;

let folder: TemporaryFolder;
let store: ObjectStore;
let sessions: MemorySessions;
let session: MemorySession;
let bench: EdgeBench;

async function start(limits: Partial<StreamLimits> = {}, deps: Partial<EdgeBenchDeps> = {}): Promise<void> {
  bench = await startEdge({ sessions, index: sessions, store, limits, ...deps });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  store = createFolderStore(folder.path);
  sessions = createMemorySessions();
  session = sessions.add(STREAM, 'ses_0000000000000001');
});

afterEach(async () => {
  await bench.close();
  expect(bench.edge.liveCount()).toBe(0);
  await folder.remove();
});

const pcm = (seed: number, from: number, samples: number): Uint8Array =>
  encodePcm16le(computedAudio(seed, from, samples));

async function storedSamples(records = session.records): Promise<Int16Array> {
  const segments = records.flatMap((record) => record.segments);
  const wavs = await Promise.all(segments.map((segment) => store.get(segment.key)));
  return new Int16Array(Buffer.concat(wavs.map((wav) => wav.subarray(44))).buffer.slice(0));
}

async function recorded(count = 1): Promise<MemorySession['records']> {
  await until(() => session.records.length === count, { what: 'the record' });
  return session.records;
}

describe('a stream socket', () => {
  it('flushes at stop, closes with 1000 by itself at once, and sends the client no message', async () => {
    await start();
    const client = await bench.connect(STREAM);
    let messages = 0;
    client.socket.on('message', () => (messages += 1));
    for (let at = 0; at < 15 * RATE; at += 1600) await client.send(pcm(1, at, 1600));
    const stoppedAt = performance.now();
    await client.send('{"event":"stop"}');
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
    expect(performance.now() - stoppedAt).toBeLessThan(2000);
    expect(session.records).toMatchObject([
      {
        epoch: 1,
        closedBy: 'stop',
        transport: 'websocket',
        frames: 150,
        malformedFrames: 0,
        gaps: [],
        warnings: [],
      },
    ]);
    expect(findAudioDifference(await storedSamples(), { seed: 1, samples: 15 * RATE })).toBeNull();
    expect(messages).toBe(0);
  });

  it('keeps everything when it is closed without stop', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(2, 0, 5 * RATE));
    client.socket.close();
    expect(await recorded()).toMatchObject([{ closedBy: 'client' }]);
    expect(findAudioDifference(await storedSamples(), { seed: 2, samples: 5 * RATE })).toBeNull();
  });

  it('keeps what arrived when the connection breaks', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(3, 0, 5 * RATE));
    await until(() => client.socket.bufferedAmount === 0);
    await new Promise((done) => setTimeout(done, 100));
    client.socket.terminate();
    expect(await recorded()).toMatchObject([{ closedBy: 'client' }]);
    expect(findAudioDifference(await storedSamples(), { seed: 3, samples: 5 * RATE })).toBeNull();
  });

  it('takes frames that come with the upgrade request, before it is answered', async () => {
    const open = sessions.openStream;
    sessions.openStream = async (ref, node) => {
      await new Promise((done) => setTimeout(done, 50));
      return await open(ref, node);
    };
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
    await recorded();
    socket.destroy();
    expect(findAudioDifference(await storedSamples(), { seed: 4, samples })).toBeNull();
  });

  it('needs no end of TCP to see that a client has closed', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(14, 0, RATE));
    await until(() => client.socket.bufferedAmount === 0);
    client.socket.close();
    client.socket.pause();
    expect(await recorded()).toMatchObject([{ closedBy: 'client', segments: [{ samples: RATE }] }]);
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
    const [record] = session.records;
    expect(record).toMatchObject({
      dialect: 'twilio',
      encoding: 'mulaw',
      callId: 'CA1',
      providerStreamId: 'MZ1',
      frames: 100,
    });
    expect(record?.coverage).toMatchObject([
      { track: 'inbound', sampleRate: 8000, receivedSamples: 8000 },
      { track: 'outbound', sampleRate: 8000, receivedSamples: 8000 },
    ]);
  });

  it('takes big-endian samples when the URL says so', async () => {
    await start();
    const client = await bench.connect(STREAM, { query: '?byte_order=big' });
    const swapped = Buffer.from(pcm(5, 0, RATE)).swap16();
    await client.send(swapped);
    await client.send('{"event":"stop"}');
    await client.closed;
    expect(findAudioDifference(await storedSamples(), { seed: 5, samples: RATE })).toBeNull();
    expect(session.records).toMatchObject([{ bigEndian: true }]);
  });

  it('confirms the Jambonz subprotocol and no other', async () => {
    await start();
    const jambonz = await bench.connect(STREAM, { protocols: ['x', 'audio.jambonz.org'] });
    expect(jambonz.socket.protocol).toBe('audio.jambonz.org');
    expect(jambonz.socket.extensions).toBe('');
    jambonz.socket.close();
    await recorded();
  });

  it('gives way to a newer connection, which continues where the tail of the older was stored', async () => {
    await start();
    const first = await bench.connect(STREAM);
    await first.send(pcm(6, 0, 3 * RATE));
    await new Promise((done) => setTimeout(done, 100));
    const second = await bench.connect(STREAM);
    expect(await first.closed).toMatchObject({ code: 4409 });
    await second.send(pcm(6, 3 * RATE, 3 * RATE));
    await second.send('{"event":"stop"}');
    expect((await second.closed).code).toBe(1000);
    expect(session.records).toMatchObject([
      { epoch: 1, closedBy: 'superseded', segments: [{ index: 0, firstSample: 0 }] },
      { epoch: 2, closedBy: 'stop', segments: [{ index: 1, firstSample: 3 * RATE }] },
    ]);
    expect(findAudioDifference(await storedSamples(), { seed: 6, samples: 6 * RATE })).toBeNull();
  });

  it('lets the newest of many connections win, with one record each', async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 10 }, () => bench.connect(STREAM)));
    await until(() => clients.filter(({ socket }) => socket.readyState === socket.OPEN).length === 1);
    const losers = clients.filter(({ socket }) => socket.readyState !== socket.OPEN);
    expect(losers).toHaveLength(9);
    for (const { closed } of losers) expect((await closed).code).toBe(4409);
    for (const { socket } of clients) socket.close();
    await recorded(10);
    expect(session.records.map((record) => record.epoch).sort((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('takes all that was sent before End was asked for, then closes with 1000', async () => {
    await start();
    const client = await bench.connect(STREAM);
    for (let at = 0; at < 60 * RATE; at += RATE) client.socket.send(pcm(7, at, RATE));
    sessions.notify({ ref: session.ref, reason: 'end', epoch: 1 });
    expect((await client.closed).code).toBe(1000);
    expect(await recorded()).toMatchObject([{ closedBy: 'server' }]);
    expect(findAudioDifference(await storedSamples(), { seed: 7, samples: 60 * RATE })).toBeNull();
  });

  it('does not wait long for a client that ignores our close', async () => {
    await start({ streamDrainMs: 50, closeHandshakeMs: 50 });
    const client = await bench.connect(STREAM);
    await client.send(pcm(8, 0, RATE));
    await new Promise((done) => setTimeout(done, 50));
    client.socket.pause();
    sessions.notify({ ref: session.ref, reason: 'end', epoch: 1 });
    expect(await recorded()).toMatchObject([{ closedBy: 'server', segments: [{ samples: RATE }] }]);
    await until(() => bench.edge.liveCount() === 0);
    client.socket.terminate();
  });

  it('drops everything of an erased session at once', async () => {
    await start();
    const client = await bench.connect(STREAM);
    await client.send(pcm(9, 0, 5 * RATE));
    sessions.notify({ ref: session.ref, reason: 'erased', epoch: 1 });
    expect((await client.closed).code).toBe(1006);
    await until(() => bench.edge.liveCount() === 0);
    expect(session.records).toEqual([]);
    expect((await store.list('')).objects).toEqual([]);
  });

  it('closes an idle stream with 1001, though its peer answers pings', async () => {
    await start({ streamIdleMs: 1500, pingIntervalMs: 500 });
    const client = await bench.connect(STREAM);
    let pings = 0;
    client.socket.on('ping', () => (pings += 1));
    await client.send(pcm(10, 0, RATE));
    expect((await client.closed).code).toBe(1001);
    expect(pings).toBeGreaterThan(0);
    expect(session.records).toMatchObject([{ closedBy: 'server', segments: [{ samples: RATE }] }]);
  });

  it('cuts off a peer that answers no pings, and keeps its audio', async () => {
    await start({ pingIntervalMs: 10 });
    const client = await bench.connect(STREAM);
    await client.send(pcm(11, 0, RATE));
    await new Promise((done) => setTimeout(done, 50));
    client.socket.pause();
    expect(await recorded()).toMatchObject([{ closedBy: 'client', segments: [{ samples: RATE }] }]);
    client.socket.terminate();
  });

  it('closes with 1013 when the tail could not be stored, never with 1000', async () => {
    await start(
      { streamFlushMs: 50 },
      { store: { ...store, put: () => Promise.reject(new Error('no storage')) } },
    );
    const client = await bench.connect(STREAM);
    await client.send(pcm(12, 0, RATE));
    await client.send('{"event":"stop"}');
    expect((await client.closed).code).toBe(1013);
    expect(session.records).toMatchObject([{ gaps: [{ from: 0, to: RATE, reason: 'dropped' }] }]);
  });

  it('stores the tails of all streams when the node stops, and refuses new ones', async () => {
    await start();
    sessions.add('str_00000000000000000000000002', 'ses_0000000000000002');
    const clients = [await bench.connect(STREAM), await bench.connect('str_00000000000000000000000002')];
    for (const client of clients) await client.send(pcm(13, 0, 4 * RATE));
    await bench.edge.close(5000);
    for (const client of clients) expect((await client.closed).code).toBe(1001);
    expect(session.records).toMatchObject([{ closedBy: 'server', segments: [{ samples: 4 * RATE }] }]);
    await expect(bench.connect(STREAM)).rejects.toThrow('503');
  });

  it('is refused with 503 when the node feeds as many as it can, until one ends', async () => {
    await start({ maxLiveStreams: 1 });
    sessions.add('str_00000000000000000000000002', 'ses_0000000000000002');
    const first = await bench.connect(STREAM);
    await expect(bench.connect('str_00000000000000000000000002')).rejects.toThrow('503');
    first.socket.close();
    await until(() => bench.edge.liveCount() === 0);
    const second = await bench.connect('str_00000000000000000000000002');
    second.socket.close();
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
