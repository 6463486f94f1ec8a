import { synthesizeSpeech } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildScripts } from '../testing/built.ts';
import { createSileroSpeechCheck } from './silero.ts';
import type { SpeechCheck } from './speech-check.ts';

let check: SpeechCheck;

beforeAll(async () => {
  await buildScripts();
  const created = await createSileroSpeechCheck();
  if ('unavailable' in created) throw new Error(created.unavailable);
  check = created;
}, 120_000);

afterAll(async () => {
  await check.close();
});

function noise(seconds: number, level: number): Int16Array {
  let state = 7;
  return Int16Array.from({ length: seconds * 16_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round((state / 2 ** 31 - 1) * level);
  });
}

const hum = (seconds: number): Int16Array =>
  Int16Array.from({ length: seconds * 16_000 }, (_, i) =>
    Math.round(5000 * Math.sin((2 * Math.PI * 50 * i) / 16_000)),
  );

describe('the speech check with the real model', () => {
  it('finds speech at its loudest places', async () => {
    const samples = await synthesizeSpeech('The patient has had a headache since yesterday evening.');
    const finding = await check.check(samples);
    expect(finding).toMatchObject({ speech: true, coverage: 'probes' });
    expect(finding.probability).toBeGreaterThan(0.8);
  });

  it('finds one soft sentence among loud noises, after looking at everything', async () => {
    const spoken = await synthesizeSpeech('Good morning, how are you feeling today?');
    const samples = noise(20, 20);
    spoken.forEach((sample, i) => {
      samples[100_000 + i] = Math.round(sample / 8);
    });
    for (const second of [1, 4, 12, 15, 18]) samples.set(hum(1), second * 16_000);
    expect(await check.check(samples)).toMatchObject({ speech: true, coverage: 'whole' });
  });

  it('finds none in noise, hum and silence, and says so only after looking at everything', async () => {
    for (const samples of [noise(12, 8000), hum(12), new Int16Array(16_000 * 12)]) {
      expect(await check.check(samples)).toMatchObject({ speech: false, coverage: 'whole' });
    }
  });

  it('takes audio of any length, several at once', async () => {
    const lengths = [0, 1, 511, 512, 10_240, 10_241, 400_000];
    const findings = await Promise.all(lengths.map((length) => check.check(new Int16Array(length))));
    expect(findings.map((finding) => finding.speech)).toEqual(lengths.map(() => false));
  });
});

describe('a speech check that cannot be', () => {
  it('says what is missing', async () => {
    expect(await createSileroSpeechCheck({ library: 'no-such-runtime' })).toEqual({
      unavailable: expect.stringContaining('no-such-runtime is not installed'),
    });
    expect(await createSileroSpeechCheck({ modelPath: '/nonexistent.onnx' })).toHaveProperty('unavailable');
  }, 30_000);

  it('refuses further work after it was closed', async () => {
    const created = await createSileroSpeechCheck();
    if ('unavailable' in created) throw new Error(created.unavailable);
    const running = created.check(noise(25, 8000)).catch((error: unknown) => error);
    await created.close();
    expect(await running).toBeInstanceOf(Error);
    await expect(created.check(noise(1, 100))).rejects.toThrow('ended');
  }, 30_000);
});
