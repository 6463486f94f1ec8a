import { computedAudio } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { z } from 'zod';
import { type Rig, startRig } from '../rig/earshot.ts';
import { findChromium, startBrowser, tellMissing } from './chromium.ts';
import { serveSdkPage } from './sdk-page.ts';

const executable = findChromium();
if (executable === undefined) tellMissing();
const withChromium = executable === undefined ? describe.skip : describe;

withChromium('the client of calls in Chromium', () => {
  let rig: Rig;
  let page: Page;
  let lineKey: string;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    rig = await startRig({
      calls: true,
      worker: false,
      env: { EARSHOT_MEDIA_ORIGINS: 'http://localhost:*' },
    });
    stops.push(() => rig.stop());
    const headers = { authorization: `Bearer ${rig.key}` };
    const answer = await fetch(`${rig.callsOrigin}/v1/lines/lin_first/key`, { method: 'POST', headers });
    lineKey = z.object({ key: z.string() }).parse(await answer.json()).key;
    const speech = Float32Array.from(computedAudio(8, 0, 8000), (sample) => sample / 32_768);
    const site = await serveSdkPage({ '/speech.f32': new Uint8Array(speech.buffer) });
    stops.push(() => site.stop());
    const browser = await startBrowser(executable ?? '');
    stops.push(() => browser.stop());
    page = await browser.context.newPage();
    await page.goto(`${site.origin}/`);
    await page.waitForFunction('window.earshotCall !== undefined');
  }, 90_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  it('talks on a call by a link, hears its echo sample for sample, and is told what happened', async () => {
    const api = JSON.stringify({ base: rig.callsOrigin, key: rig.key, lineKey });
    const result = await page.evaluate<Record<string, unknown>>(`earshotCall(${api}, '/speech.f32')`);
    expect(result).toMatchObject({ mark: 'played', code: 1000, callEnded: true });
    expect(result['byKey']).toBe('A browser cannot send a key to a media socket: open it by a wsUrl.');
    expect(result['events']).toEqual(
      expect.arrayContaining(['call.initiated', 'call.connected', 'call.ended']),
    );
  }, 60_000);
});
