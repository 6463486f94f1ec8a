import { encodePcm16le, encodeWav } from '@earshot/audio';
import { SessionFinished } from '@earshot/protocol';
import { synthesizeSpeech } from '@earshot/test-support';
import { wordErrorRate } from '@earshot/transcription';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { recordedBytes, sha256 } from '../rig/calls.ts';
import { type Rig, startRig } from '../rig/earshot.ts';
import { end, result } from '../rig/session-calls.ts';
import { type Browser, findChromium, startBrowser, tellMissing } from './chromium.ts';
import { servePage, type TestPage } from './test-page.ts';

const TEXT =
  'Good morning. The patient is a teacher of forty two years, and she came in today because of pain in her left shoulder. ' +
  'She does not smoke, and she takes no other medicine at this time.';
const SLICE_MS = 2500;

interface Recorded {
  readonly sessionId: string;
  readonly type: string;
  readonly statuses: readonly number[];
  /** The first four bytes of each slice, hex. */
  readonly headers: readonly string[];
  readonly files: readonly string[];
  /** As the browser itself decodes the slices. */
  readonly recordedSeconds: number;
  readonly sampleSeconds: number;
}

interface Streamed {
  readonly sessionId: string;
  readonly code: number;
  readonly messages: number;
  readonly frames: number;
  readonly bytes: number;
  readonly sha256: string;
}

const executable = findChromium();
if (executable === undefined) tellMissing();
const withChromium = executable === undefined ? describe.skip : describe;

let rig: Rig;
let site: TestPage;
let browser: Browser;
const stops: (() => Promise<void>)[] = [];
let page: Page;
let samples: Int16Array;

withChromium('a page in Chromium', () => {
  const problems: string[] = [];

  beforeAll(async () => {
    samples = await synthesizeSpeech(TEXT, { voice: 'slt', sampleRate: 16_000 });
    rig = await startRig();
    stops.push(() => rig.stop());
    site = await servePage({
      '/speech.wav': encodeWav(samples, 16_000),
      '/speech.pcm': encodePcm16le(samples),
    });
    stops.push(() => site.stop());
    browser = await startBrowser(executable ?? '');
    stops.push(() => browser.stop());
    page = await browser.context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`${site.origin}/`);
    await page.waitForFunction('window.earshotPage !== undefined');
  }, 90_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** Calls a function of the page; the arguments and the answer cross as JSON. */
  async function onPage<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    const api = { base: `${rig.origin}/voice/v1`, key: rig.key };
    const list = [api, ...args].map((arg) => JSON.stringify(arg)).join(', ');
    return page.evaluate<T>(`window.earshotPage.${name}(${list})`);
  }

  it('records in slices, uploads them across origins, and gets all of it back as words', async () => {
    const recorded = await onPage<Recorded>('record', '/speech.wav', SLICE_MS);
    expect(recorded.type).toBe('audio/webm;codecs=opus');
    expect(recorded.statuses.length).toBeGreaterThanOrEqual(4);
    expect(new Set(recorded.statuses)).toEqual(new Set([200]));
    // Only the first slice is a WebM file of its own.
    const [first, ...others] = recorded.headers;
    expect(first).toBe('1a45dfa3');
    expect(others).not.toContain('1a45dfa3');
    expect(recorded.files).toEqual(recorded.statuses.map((_, i) => `${i}.webm`));
    expect(recorded.recordedSeconds).toBeGreaterThan(recorded.sampleSeconds - 1);

    const answer = await result(rig, recorded.sessionId, { timeoutMs: 90_000 });
    expect([answer.status, answer.body['processing_errors']]).toEqual([200, []]);
    const session = SessionFinished.parse(answer.body);
    const [track] = session.coverage.tracks;
    expect(Math.abs((track?.seconds ?? 0) - recorded.recordedSeconds)).toBeLessThan(1);
    expect(track).toMatchObject({ gapSamples: 0, ratio: 1 });
    expect(session.audio_files_processed).toBe(recorded.files.length);
    expect(wordErrorRate(TEXT, session.transcript)).toBeLessThan(0.4);
    expect(problems).toEqual([]);
  }, 150_000);

  async function expectExactly(streamed: Streamed): Promise<void> {
    expect(streamed).toMatchObject({ code: 1000, messages: 0 });
    await end(rig, streamed.sessionId, { audio_files_sent: 0 });
    const stored = await recordedBytes(rig, streamed.sessionId);
    expect([stored.length, sha256(stored)]).toEqual([streamed.bytes, streamed.sha256]);
    expect(problems).toEqual([]);
  }

  it('streams a file over a socket, and every byte of it is kept', async () => {
    const streamed = await onPage<Streamed>('streamFile', '/speech.pcm', [640, 1, 3201, 65_536, 2]);
    expect(streamed.sha256).toBe(sha256(encodePcm16le(samples)));
    await expectExactly(streamed);
  }, 60_000);

  it('streams what an AudioWorklet hears, and every byte of it is kept', async () => {
    const streamed = await onPage<Streamed>('streamWorklet', '/speech.wav', 3);
    // Three seconds of 128 samples a frame, and what the start took away.
    expect(streamed.frames).toBeGreaterThan(200);
    await expectExactly(streamed);
  }, 60_000);

  it('shows the reference of the API with nothing from elsewhere', async () => {
    const docs = await browser.context.newPage();
    const asked: string[] = [];
    const faults: string[] = [];
    docs.on('request', (request) => asked.push(request.url()));
    docs.on('pageerror', (error) => faults.push(error.message));
    docs.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await docs.goto(`${rig.origin}/docs`);
    await docs.waitForSelector('.opblock');
    expect(await docs.locator('.opblock').count()).toBeGreaterThan(20);
    const foreign = asked.filter((url) => /^https?:/.test(url) && new URL(url).origin !== rig.origin);
    expect(foreign).toEqual([]);
    expect(asked.length).toBeGreaterThan(4);
    expect(faults).toEqual([]);
    await docs.close();
  }, 60_000);
});
