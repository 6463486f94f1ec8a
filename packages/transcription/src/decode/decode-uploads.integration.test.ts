import { readFile } from 'node:fs/promises';
import { encodeWav } from '@earshot/audio';
import type { AudioFormat } from '@earshot/protocol';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeAll, type TestUpload, toneFile } from '../testing/uploads.ts';
import type { DecodeUploadsRequest } from './decode-uploads.ts';

const SLICES = new URL('../../fixtures/media-recorder/', import.meta.url);
const OPUS = ['-c:a', 'libopus', '-b:a', '32k'];

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder.remove();
});

const decode = (uploads: readonly TestUpload[], options: Partial<DecodeUploadsRequest> = {}) =>
  decodeAll(uploads, { tempDir: folder.path, ...options });

const FILES: readonly { name: string; format: AudioFormat; rate: number; options: string[] }[] = [
  { name: 'a.webm', format: 'webm', rate: 48_000, options: OPUS },
  { name: 'a.ogg', format: 'ogg', rate: 48_000, options: OPUS },
  { name: 'v.ogg', format: 'ogg', rate: 44_100, options: ['-c:a', 'libvorbis', '-ar', '44100'] },
  { name: 'a.mp3', format: 'mp3', rate: 22_050, options: ['-c:a', 'libmp3lame', '-ar', '22050'] },
  { name: 'a.flac', format: 'flac', rate: 16_000, options: ['-ar', '16000'] },
  { name: 'a.m4a', format: 'm4a', rate: 44_100, options: ['-c:a', 'aac', '-ar', '44100'] },
  {
    name: 'f.mp4',
    format: 'mp4',
    rate: 48_000,
    options: ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov'],
  },
  { name: 's24.wav', format: 'wav', rate: 48_000, options: ['-c:a', 'pcm_s24le'] },
  { name: 'stereo.wav', format: 'wav', rate: 48_000, options: ['-ac', '2'] },
  { name: 'odd-rate.wav', format: 'wav', rate: 11_025, options: ['-ar', '12000'] },
];

describe('decoding uploads', () => {
  for (const { name, format, rate, options } of FILES) {
    it(`decodes ${name} to mono samples at its own or the nearest usual rate`, async () => {
      const bytes = await toneFile(folder.path, { name, seconds: 2, options });
      const decoded = await decode([{ format, bytes }]);
      expect(decoded.rates).toEqual([rate]);
      expect(decoded.skipped).toEqual([]);
      expect(decoded.seconds).toBeGreaterThan(1.95);
      expect(decoded.seconds).toBeLessThan(2.15);
      const middle = decoded.samples.subarray(rate / 2, rate * 1.5);
      const crossings = middle.filter((sample, i) => i > 0 && sample >= 0 && middle[i - 1]! < 0).length;
      expect(crossings).toBeGreaterThan(435);
      expect(crossings).toBeLessThan(445);
    });
  }

  it('joins a recording that a browser uploaded in time slices, header in the first only', async () => {
    const bytes = await toneFile(folder.path, { name: 'whole.webm', seconds: 4, options: OPUS });
    const whole = await decode([{ format: 'webm', bytes }]);
    const cuts = [0, 5000, 5001, 9000, bytes.length];
    const slices = cuts
      .slice(1)
      .map((end, i) => ({ format: 'webm' as const, bytes: bytes.slice(cuts[i], end) }));
    const joined = await decode(slices);
    expect(joined.skipped).toEqual([]);
    expect(Buffer.from(joined.samples.buffer).equals(Buffer.from(whole.samples.buffer))).toBe(true);
  });

  for (const format of ['webm', 'mp4'] as const) {
    it(`decodes the ${format} slices of a real browser whole`, async () => {
      const slices = await Promise.all(
        [0, 1, 2, 3, 4].map(async (i) => ({
          format,
          bytes: await readFile(new URL(`${i}.${format}`, SLICES)),
        })),
      );
      const decoded = await decode(slices);
      expect(decoded.skipped).toEqual([]);
      expect(decoded.rates).toEqual([48_000]);
      expect(decoded.seconds).toBeGreaterThan(4);
      expect(decoded.seconds).toBeLessThan(4.4);
    });
  }

  it('begins a new recording at each file with a header, at the rate of the first', async () => {
    const webm = await toneFile(folder.path, { name: 'one.webm', seconds: 1, options: OPUS });
    const mp3 = await toneFile(folder.path, { name: 'two.mp3', seconds: 1, options: ['-ar', '16000'] });
    const wav = encodeWav(computedAudio(1, 0, 8000), 8000);
    const decoded = await decode([
      { format: 'mp3', bytes: mp3 },
      { format: 'webm', bytes: webm },
      { format: 'wav', bytes: wav },
    ]);
    expect(decoded.rates).toEqual([16_000]);
    expect(decoded.seconds).toBeGreaterThan(2.95);
    expect(decoded.seconds).toBeLessThan(3.2);
  });

  it('keeps raw PCM and WAV uploads sample for sample', async () => {
    const audio = computedAudio(5, 0, 40_000);
    const pcm = { sampleRate: 16_000, bigEndian: false, channels: 1 };
    const raw = (from: number, to: number) => new Uint8Array(audio.slice(from, to).buffer);
    const decoded = await decode([
      { format: 'pcm', bytes: raw(0, 10_000), pcm },
      { format: 'wav', bytes: encodeWav(audio.slice(10_000, 25_000), 16_000) },
      {
        format: 'pcm',
        bytes: raw(25_000, 40_000).map((_, i, all) => all[i ^ 1]!),
        pcm: { ...pcm, bigEndian: true },
      },
    ]);
    expect(decoded.rates).toEqual([16_000]);
    expect(Buffer.from(decoded.samples.buffer).equals(Buffer.from(audio.buffer))).toBe(true);
  });

  it('names missing sequence numbers where they are missing, whatever order the receipts have', async () => {
    const wav = encodeWav(computedAudio(1, 0, 1600), 16_000);
    const decoded = await decode([
      { format: 'wav', bytes: wav, sequence: 9 },
      { format: 'wav', bytes: wav, sequence: 2 },
      { format: 'wav', bytes: wav, sequence: 3 },
      { format: 'wav', bytes: wav, sequence: 5 },
    ]);
    expect(decoded.missing).toEqual(['4-4', '6-8']);
    expect(decoded.order).toEqual([
      'format',
      'samples',
      'samples',
      'missing',
      'samples',
      'missing',
      'samples',
    ]);
  });

  it('names a slice that is missing within a recording', async () => {
    const options = [...OPUS, '-cluster_time_limit', '300'];
    const bytes = await toneFile(folder.path, { name: 'holed.webm', seconds: 4, options });
    const decoded = await decode([
      { format: 'webm', bytes: bytes.slice(0, 6000), sequence: 0 },
      { format: 'webm', bytes: bytes.slice(9000), sequence: 2 },
    ]);
    expect(decoded.missing).toEqual(['1-1']);
    expect(decoded.skipped).toEqual(['2.webm damaged']);
    expect(decoded.seconds).toBeGreaterThan(2);
  });

  it('skips bad files with a reason and decodes the rest', async () => {
    const wav = encodeWav(computedAudio(1, 0, 16_000), 16_000);
    const text = new TextEncoder().encode('#EXTM3U\nhttp://127.0.0.1/x.ts\n');
    const decoded = await decode([
      { format: 'webm', bytes: Uint8Array.of(0xa3, 1, 2, 3, 0x80, 9, 9) },
      { format: 'wav', bytes: text },
      { format: 'wav', bytes: wav },
      { format: 'webm', bytes: Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, ...new Uint8Array(500).fill(7)) },
      { format: 'wav', bytes: new Uint8Array(0) },
      { format: 'mp4', bytes: Uint8Array.of(0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70, ...new Uint8Array(100)) },
      { format: 'flac', bytes: new TextEncoder().encode('fLaC\u0001\u0002') },
      { format: 'wav', bytes: wav.slice(0, 30) },
      { format: 'wav', bytes: encodeWav(new Int16Array(0), 16_000) },
      { format: 'wav', bytes: wav.slice(0, 16_044) },
    ]);
    expect(decoded.skipped).toEqual([
      '0.webm no_header',
      '1.wav refused',
      '3.webm damaged',
      '4.wav refused',
      '5.mp4 damaged',
      '6.flac damaged',
      '7.wav damaged',
      '8.wav no_audio',
      '9.wav truncated',
    ]);
    expect(decoded.samples).toHaveLength(24_000);
  });
});
