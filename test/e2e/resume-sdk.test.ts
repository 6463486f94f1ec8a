import { decodePcm16le } from '@earshot/audio';
import { type AudioStreamEvent, createEarshotClient, type EarshotClient } from '@earshot/client';
import { createIngestApp, type IngestApp, readIngestConfig } from '@earshot/ingest';
import { computedAudio, findAudioDifference, freePort, until } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { recordedBytes } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';

const RATE = 16_000;
const FRAME = 1600;
const retry = { baseDelayMs: 20, maxDelayMs: 500 };

let rig: Rig;
let ingest: IngestApp;
/** Sockets that a test may cut. */
const open = new Set<WebSocket>();

/** A WebSocket that can be cut from outside, as a network does. */
class CutSocket extends WebSocket {
  constructor(url: string, protocols?: string[]) {
    super(url, protocols);
    open.add(this);
    this.once('close', () => open.delete(this));
  }
}

beforeAll(async () => {
  const port = await freePort();
  rig = await startRig({
    env: { EARSHOT_PORT: `${port}` },
    engine: createScriptedEngine({ script: () => 'heard' }),
  });
  ingest = rig.ingest;
}, 60_000);
afterAll(async () => {
  await ingest.close();
  await rig.stop();
});

function client(options: Partial<Parameters<typeof createEarshotClient>[0]> = {}): EarshotClient {
  return createEarshotClient({ baseUrl: rig.origin, apiKey: rig.key, WebSocket: CutSocket, ...options });
}

function cutAll(): void {
  for (const socket of open) socket.terminate();
}

/** Closes the ingest as a rolling restart does, and starts it on the same folders and port. */
async function restart(): Promise<void> {
  await ingest.close();
  ingest = await createIngestApp(readIngestConfig(rig.env));
  await ingest.start();
}

/** Null when the session's recording is exactly the computed audio. */
async function difference(sessionId: string, samples: number, seed: number) {
  return findAudioDifference(decodePcm16le(await recordedBytes(rig, sessionId)), { seed, samples });
}

describe('the SDK against a real ingest', () => {
  it('streams the same audio through cut connections and a restart, and no sample is lost or doubled', async () => {
    const seconds = 60;
    const sdk = client();
    const session = await sdk.createSession({ upload_type: 'stream' });
    const events: AudioStreamEvent[] = [];
    const stream = await sdk.openStream(session, { retry, onEvent: (event) => events.push(event) });
    expect(stream.acknowledged).toBe(true);
    let restarting: Promise<void> | undefined;
    let cutAt = 0;
    for (let frame = 0; frame < seconds * 10; frame += 1) {
      await stream.send(computedAudio(11, frame * FRAME, FRAME));
      if (frame % 67 === 50) {
        // Only a connection that carries audio is worth a cut.
        await until(() => stream.progress.durable > cutAt, { timeoutMs: 30_000 });
        cutAt = stream.progress.durable;
        cutAll();
      }
      if (frame === 300) restarting = restart();
      if (frame % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect((await stream.stop()).code).toBe(1000);
    await restarting;
    const samples = seconds * RATE;
    expect(stream.progress).toMatchObject({ accepted: samples, durable: samples });
    expect(events.filter(({ event }) => event === 'resumed').length).toBeGreaterThanOrEqual(9);
    await sdk.end(session);
    const result = await sdk.waitForResult(session);
    expect(result).toMatchObject({ status: 'completed', coverage: { gaps: [] } });
    expect(await difference(session.session_id, samples, 11)).toBeNull();
  }, 120_000);

  it('goes on with another rate after a cut', async () => {
    const sdk = client();
    const session = await sdk.createSession({ upload_type: 'stream' });
    const stream = await sdk.openStream(session, { retry, sampleRate: 8000 });
    for (let second = 0; second < 12; second += 1) {
      await stream.send(computedAudio(12, second * 8000, 8000));
      if (second % 4 === 2) {
        await until(() => stream.progress.durable > 0);
        cutAll();
      }
    }
    await stream.stop();
    await sdk.end(session);
    await sdk.waitForResult(session);
    expect(await difference(session.session_id, 12 * 8000, 12)).toBeNull();
  }, 60_000);

  it('uploads a stream by requests whose answers get lost', async () => {
    let requests = 0;
    const lossy: typeof fetch = async (url, init) => {
      const turn = requests++ % 5;
      if (init?.method !== 'PATCH' || turn > 1) return fetch(url, init);
      if (turn === 1) await fetch(url, init);
      throw new TypeError('The network is gone.');
    };
    const sdk = client({ fetch: lossy });
    const session = await sdk.createSession({ upload_type: 'stream' });
    const bytes = new Uint8Array(computedAudio(13, 0, 40 * RATE).buffer);
    const summary = await sdk.upload(session, new Blob([bytes]).stream(), {
      contentType: 'audio/l16;rate=16000',
      stream: { retry },
    });
    expect(summary).toEqual({ files: [], bytes: bytes.length });
    await sdk.end(session);
    await sdk.waitForResult(session);
    expect(await difference(session.session_id, 40 * RATE, 13)).toBeNull();
  }, 60_000);

  it('falls from a socket to requests and back within one session', async () => {
    const sdk = client();
    const session = await sdk.createSession({ upload_type: 'stream' });
    for (const [part, transport] of (['websocket', 'http', 'websocket'] as const).entries()) {
      const stream = await sdk.openStream(session, { retry, transport });
      expect(stream.progress.accepted).toBe(part * 3 * RATE);
      await stream.send(computedAudio(14, part * 3 * RATE, 3 * RATE));
      await stream.stop();
    }
    await sdk.end(session);
    await sdk.waitForResult(session);
    expect(await difference(session.session_id, 9 * RATE, 14)).toBeNull();
  }, 60_000);

  it('says that the stream is over when the session was ended elsewhere', async () => {
    const sdk = client();
    const session = await sdk.createSession({ upload_type: 'stream' });
    const stream = await sdk.openStream(session, { retry });
    await stream.send(computedAudio(15, 0, RATE));
    await until(() => stream.progress.durable === RATE);
    await sdk.end(session);
    expect((await stream.closed).code).toBe(1000);
    await expect(stream.send(Int16Array.of(1))).rejects.toMatchObject({ progress: { durable: RATE } });
    const late = sdk.openStream(session, { retry, openForMs: 2000 });
    await expect(late).rejects.toMatchObject({ name: 'StreamClosedError' });
  }, 60_000);

  it('does not fight over a stream with another client', async () => {
    const sdk = client();
    const session = await sdk.createSession({ upload_type: 'stream' });
    const first = await sdk.openStream(session, { retry });
    await first.send(computedAudio(16, 0, RATE));
    await until(() => first.progress.durable === RATE);
    const second = await sdk.openStream(session, { retry });
    expect((await first.closed).code).toBe(4409);
    expect(second.progress.accepted).toBe(RATE);
    await second.stop();
  }, 60_000);
});
