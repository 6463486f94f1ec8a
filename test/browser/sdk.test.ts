import { decodePcm16le, encodePcm16le, encodeWav } from '@earshot/audio';
import { createIngestApp, type IngestApp, readIngestConfig } from '@earshot/ingest';
import { computedAudio, findAudioDifference, freePort } from '@earshot/test-support';
import { createScriptedEngine } from '@earshot/transcription/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { recordedBytes } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';
import { findChromium, startBrowser, tellMissing } from './chromium.ts';
import { serveSdkPage } from './sdk-page.ts';

const SEED = 21;
const SAMPLES = 20 * 16_000;
const retry = { baseDelayMs: 20, maxDelayMs: 300 };

interface Streamed {
  readonly sessionId: string;
  readonly code: number;
  readonly acknowledged: boolean;
  readonly status: string;
  readonly progress: { readonly durable: number };
  readonly events: readonly string[];
}

const executable = findChromium();
if (executable === undefined) tellMissing();
const withChromium = executable === undefined ? describe.skip : describe;

withChromium('the SDK in Chromium', () => {
  let rig: Rig;
  let ingest: IngestApp;
  let page: Page;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const port = await freePort();
    rig = await startRig({
      env: { EARSHOT_PORT: `${port}` },
      engine: createScriptedEngine({ script: () => 'heard' }),
    });
    ingest = rig.ingest;
    stops.push(async () => {
      await ingest.close();
      await rig.stop();
    });
    const samples = computedAudio(SEED, 0, SAMPLES);
    const site = await serveSdkPage({
      '/audio.pcm': encodePcm16le(samples),
      '/audio.wav': encodeWav(samples, 16_000),
    });
    stops.push(() => site.stop());
    const browser = await startBrowser(executable ?? '');
    stops.push(() => browser.stop());
    page = await browser.context.newPage();
    await page.goto(`${site.origin}/`);
    await page.waitForFunction('window.earshotSdk !== undefined');
  }, 90_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  async function onPage<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    const list = [{ base: rig.origin, key: rig.key }, ...args].map((arg) => JSON.stringify(arg)).join(', ');
    return page.evaluate<T>(`window.earshotSdk.${name}(${list})`);
  }

  async function expectExactly(streamed: Streamed): Promise<void> {
    expect(streamed).toMatchObject({ code: 1000, acknowledged: true, progress: { durable: SAMPLES } });
    expect(streamed.status).toBe('completed');
    const recorded = decodePcm16le(await recordedBytes(rig, streamed.sessionId));
    expect(findAudioDifference(recorded, { seed: SEED, samples: SAMPLES })).toBeNull();
  }

  it('resumes over a restart of the server', async () => {
    const streaming = onPage<Streamed>('stream', '/audio.pcm', { retry });
    await page.waitForFunction('window.earshotDurable > 32000');
    await ingest.close();
    ingest = await createIngestApp(readIngestConfig(rig.env));
    await ingest.start();
    const streamed = await streaming;
    expect(streamed.events).toContain('resumed websocket');
    await expectExactly(streamed);
  }, 60_000);

  it('streams by requests across origins', async () => {
    await expectExactly(await onPage<Streamed>('stream', '/audio.pcm', { retry, transport: 'http' }));
  }, 60_000);

  it('uploads files, and streams in pieces', async () => {
    const uploaded = await onPage<Record<string, unknown>>('upload', '/audio.wav');
    expect(uploaded).toEqual({ status: 'completed', audio_files_received: 11, whole: 1, pieces: 10 });
  }, 60_000);
});
