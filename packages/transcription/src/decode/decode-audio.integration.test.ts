import { encodeWav } from '@earshot/audio';
import type { AudioFormat } from '@earshot/protocol';
import { computedAudio, temporaryFolder } from '@earshot/test-support';
import { describe, expect, it } from '@jest/globals';
import { toneFile } from '../testing/uploads.ts';
import { decodeAudio } from './decode-audio.ts';

async function decode(bytes: Uint8Array, format: AudioFormat, convertInDecoder: boolean) {
  const input = (async function* () {
    yield await Promise.resolve(bytes);
  })();
  const signal = new AbortController().signal;
  const rates: number[] = [];
  const samples: number[] = [];
  for await (const piece of decodeAudio({ input, format, sampleRate: 16_000, convertInDecoder, signal })) {
    if (piece.kind === 'format') rates.push(piece.sampleRate);
    else samples.push(...piece.samples);
  }
  return { rates, samples: Int16Array.from(samples) };
}

describe('decoding at a rate', () => {
  it.each([
    ['wav', ['-ar', '44100', '-ac', '2']],
    ['wav', ['-ar', '8000', '-c:a', 'pcm_mulaw']],
    ['mp3', []],
  ] as const)('is done by the decoder where that is asked for: %s %p', async (format, options) => {
    const folder = await temporaryFolder();
    const bytes = await toneFile(folder.path, { name: `tone.${format}`, seconds: 2, options });
    const [there, here] = [await decode(bytes, format, true), await decode(bytes, format, false)];
    expect([there.rates, here.rates]).toEqual([[16_000], [16_000]]);
    expect(Math.abs(there.samples.length - here.samples.length)).toBeLessThan(160);
    const middle = there.samples.subarray(8000, 24_000);
    const crossings = middle.filter((sample, i) => i > 0 && sample >= 0 && middle[i - 1]! < 0).length;
    expect(Math.abs(crossings - 440)).toBeLessThan(4);
    await folder.remove();
  });

  it('leaves audio alone that has it already', async () => {
    const samples = computedAudio(3, 0, 5000);
    expect((await decode(encodeWav(samples, 16_000), 'wav', true)).samples).toEqual(samples);
  });
});
