import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encodeWav } from '@earshot/audio';
import type { AudioFormat, UploadReceipt } from '@earshot/protocol';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { childrenNamed } from '../testing/child-count.ts';
import { toneFile } from '../testing/recordings.ts';
import { type DecodeUploadsRequest, decodeUploads, type UploadEvent } from './decode-uploads.ts';

const NEVER = new AbortController().signal;
const SLICES = new URL('../../fixtures/media-recorder/', import.meta.url);
const OPUS = ['-c:a', 'libopus', '-b:a', '32k'];

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder.remove();
});

interface Upload {
  format: AudioFormat;
  bytes: Uint8Array;
  sequence?: number;
  pcm?: UploadReceipt['pcm'];
}

function receiptOf(upload: Upload, index: number): UploadReceipt {
  const sequence = upload.sequence ?? index;
  return {
    sequence,
    key: `k/${sequence}`,
    name: `${sequence}.${upload.format}`,
    originalFilename: 'file',
    format: upload.format,
    contentType: 'audio/x',
    bytes: Math.max(upload.bytes.length, 1),
    sha256: createHash('sha256').update(upload.bytes).digest('hex'),
    receivedAt: '2026-01-01T00:00:00Z',
    ...(upload.pcm === undefined ? {} : { pcm: upload.pcm }),
  };
}

async function* pieces(bytes: Uint8Array, size = 1500): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function decodeAll(uploads: readonly Upload[], options: Partial<DecodeUploadsRequest> = {}) {
  const receipts = uploads.map(receiptOf);
  const bytesOf = new Map(uploads.map((upload, index) => [receipts[index]?.sequence, upload.bytes]));
  const open = (receipt: UploadReceipt) => Promise.resolve(pieces(bytesOf.get(receipt.sequence)!));
  return summary(
    await collect(decodeUploads({ receipts, open, signal: NEVER, tempDir: folder.path, ...options })),
  );
}

async function collect(events: AsyncIterable<UploadEvent>): Promise<UploadEvent[]> {
  const all: UploadEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

function summary(events: readonly UploadEvent[]) {
  const samples = events.flatMap((event) => (event.kind === 'samples' ? [...event.samples] : []));
  return {
    rates: events.flatMap((event) => (event.kind === 'format' ? event.sampleRate : [])),
    samples: Int16Array.from(samples),
    skipped: events.flatMap((event) =>
      event.kind === 'skipped' ? `${event.receipt.name} ${event.reason}` : [],
    ),
    missing: events.flatMap((event) =>
      event.kind === 'missing' ? `${event.sequence}-${event.through}` : [],
    ),
    order: events.map((event) => event.kind),
  };
}

const seconds = (decoded: { samples: Int16Array; rates: number[] }) =>
  decoded.samples.length / (decoded.rates[0] ?? 1);

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
      const decoded = await decodeAll([{ format, bytes }]);
      expect(decoded.rates).toEqual([rate]);
      expect(decoded.skipped).toEqual([]);
      expect(seconds(decoded)).toBeGreaterThan(1.95);
      expect(seconds(decoded)).toBeLessThan(2.15);
      const middle = decoded.samples.subarray(rate / 2, rate * 1.5);
      const crossings = middle.filter((sample, i) => i > 0 && sample >= 0 && middle[i - 1]! < 0).length;
      expect(crossings).toBeGreaterThan(435);
      expect(crossings).toBeLessThan(445);
    });
  }

  it('joins a recording that a browser uploaded in time slices, header in the first only', async () => {
    const bytes = await toneFile(folder.path, { name: 'whole.webm', seconds: 4, options: OPUS });
    const whole = await decodeAll([{ format: 'webm', bytes }]);
    const cuts = [0, 5000, 5001, 9000, bytes.length];
    const slices = cuts
      .slice(1)
      .map((end, i) => ({ format: 'webm' as const, bytes: bytes.slice(cuts[i], end) }));
    const joined = await decodeAll(slices);
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
      const decoded = await decodeAll(slices);
      expect(decoded.skipped).toEqual([]);
      expect(decoded.rates).toEqual([48_000]);
      expect(seconds(decoded)).toBeGreaterThan(4);
      expect(seconds(decoded)).toBeLessThan(4.4);
    });
  }

  it('begins a new recording at each file with a header, at the rate of the first', async () => {
    const webm = await toneFile(folder.path, { name: 'one.webm', seconds: 1, options: OPUS });
    const mp3 = await toneFile(folder.path, { name: 'two.mp3', seconds: 1, options: ['-ar', '16000'] });
    const wav = encodeWav(computedAudio(1, 0, 8000), 8000);
    const decoded = await decodeAll([
      { format: 'mp3', bytes: mp3 },
      { format: 'webm', bytes: webm },
      { format: 'wav', bytes: wav },
    ]);
    expect(decoded.rates).toEqual([16_000]);
    expect(seconds(decoded)).toBeGreaterThan(2.95);
    expect(seconds(decoded)).toBeLessThan(3.2);
  });

  it('keeps raw PCM and WAV uploads sample for sample', async () => {
    const audio = computedAudio(5, 0, 40_000);
    const pcm = { sampleRate: 16_000, bigEndian: false, channels: 1 };
    const raw = (from: number, to: number) => new Uint8Array(audio.slice(from, to).buffer);
    const decoded = await decodeAll([
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
    const decoded = await decodeAll([
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
    const decoded = await decodeAll([
      { format: 'webm', bytes: bytes.slice(0, 6000), sequence: 0 },
      { format: 'webm', bytes: bytes.slice(9000), sequence: 2 },
    ]);
    expect(decoded.missing).toEqual(['1-1']);
    expect(decoded.skipped).toEqual(['2.webm damaged']);
    expect(seconds(decoded)).toBeGreaterThan(2);
  });

  it('skips bad files with a reason and decodes the rest', async () => {
    const wav = encodeWav(computedAudio(1, 0, 16_000), 16_000);
    const text = new TextEncoder().encode('#EXTM3U\nhttp://127.0.0.1/x.ts\n');
    const decoded = await decodeAll([
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

  it('takes the sound alone out of a file with pictures', async () => {
    const options = [
      '-f',
      'lavfi',
      '-i',
      'testsrc=d=2:s=64x48:r=5',
      '-c:v',
      'mjpeg',
      ...OPUS,
      '-f',
      'matroska',
    ];
    const bytes = await toneFile(folder.path, { name: 'video.webm', seconds: 2, options });
    const decoded = await decodeAll([{ format: 'webm', bytes }]);
    expect(decoded.skipped).toEqual([]);
    expect(seconds(decoded)).toBeCloseTo(2, 1);
  });

  it('keeps what lies behind a jump of the file clock', async () => {
    const one = await toneFile(folder.path, { name: 'one.ogg', seconds: 2, options: OPUS });
    const late = [...OPUS, '-output_ts_offset', '93600'];
    const two = await toneFile(folder.path, { name: 'two.ogg', seconds: 2, options: late });
    const chained = Buffer.concat([one, two, one]);
    const decoded = await decodeAll([{ format: 'ogg', bytes: chained }], { limits: { maxSeconds: 60 } });
    expect(seconds(decoded)).toBeGreaterThan(5.9);
    expect(seconds(decoded)).toBeLessThan(6.2);
  });

  it('ends cleanly with a reason on WAV files cut off at every byte of their head', async () => {
    const wav = encodeWav(computedAudio(1, 0, 100), 16_000);
    const cuts = Array.from({ length: 60 }, (_, cut) => ({
      format: 'wav' as const,
      bytes: wav.slice(0, cut),
    }));
    const decoded = await decodeAll(cuts);
    expect(decoded.skipped).toHaveLength(60);
    const wholeSamples = cuts.map(({ bytes }) => Math.max(0, Math.floor((bytes.length - 44) / 2)));
    expect(decoded.samples).toHaveLength(wholeSamples.reduce((sum, count) => sum + count, 0));
  });

  it('ends cleanly on files with random damage, whatever they hold', async () => {
    const flac = await toneFile(folder.path, { name: 'm.flac', seconds: 1, options: ['-ar', '8000'] });
    const webm = await toneFile(folder.path, { name: 'm.webm', seconds: 1, options: OPUS });
    const mp4 = await toneFile(folder.path, { name: 'm.m4a', seconds: 1, options: ['-c:a', 'aac'] });
    let state = 99;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const uploads = Array.from({ length: 24 }, (_, i): Upload => {
      const [format, source] = (
        [
          ['flac', flac],
          ['webm', webm],
          ['m4a', mp4],
        ] as const
      )[i % 3]!;
      const bytes = source.slice();
      for (let n = 0; n < 12; n += 1) bytes[random(bytes.length)] = random(256);
      return { format, bytes };
    });
    const decoded = await decodeAll(uploads, { limits: { maxSeconds: 30, maxWallMs: 20_000 } });
    expect(decoded.samples.length).toBeLessThan(24 * 30 * 48_000);
    expect(decoded.skipped.length).toBeGreaterThan(0);
    expect(await childrenNamed('ffmpeg')).toEqual([]);
  }, 120_000);

  it('tells of damage in the middle of a recording, and keeps what is around it', async () => {
    const bytes = await toneFile(folder.path, { name: 'dent.flac', seconds: 3, options: ['-ar', '16000'] });
    const decoded = await decodeAll([{ format: 'flac', bytes: bytes.fill(0x55, 20_000, 26_000) }]);
    expect(decoded.skipped).toEqual(['0.flac damaged']);
    expect(seconds(decoded)).toBeGreaterThan(1.5);
  });

  it('stops at the longest length that is allowed', async () => {
    const bytes = await toneFile(folder.path, { name: 'bomb.flac', seconds: 120, options: [] });
    const decoded = await decodeAll([{ format: 'flac', bytes }], { limits: { maxSeconds: 5 } });
    expect(decoded.skipped).toEqual(['0.flac too_long']);
    expect(seconds(decoded)).toBe(5);
    const wav = encodeWav(new Int16Array(16_001), 16_000);
    expect((await decodeAll([{ format: 'wav', bytes: wav }], { limits: { maxSeconds: 1 } })).skipped).toEqual(
      ['0.wav too_long'],
    );
    expect(
      (await decodeAll([{ format: 'wav', bytes: wav.slice(0, -2) }], { limits: { maxSeconds: 1 } })).samples,
    ).toHaveLength(16_000);
  });

  it('stops a decoder that takes too long, and leaves no process and no file', async () => {
    const bytes = await toneFile(folder.path, { name: 'slow.m4a', seconds: 60, options: ['-c:a', 'aac'] });
    const before = await readdir(folder.path);
    const decoded = await decodeAll([{ format: 'm4a', bytes }], { limits: { maxWallMs: 1 } });
    expect(decoded.skipped).toEqual(['0.m4a timed_out']);
    expect(await childrenNamed('ffmpeg')).toEqual([]);
    expect(await readdir(folder.path)).toEqual(before);
  });

  it('rejects on abort and on errors of the storage, and leaves no process', async () => {
    const bytes = await toneFile(folder.path, { name: 'long.webm', seconds: 20, options: OPUS });
    const controller = new AbortController();
    const receipts = [receiptOf({ format: 'webm', bytes }, 0)];
    const endless = async function* () {
      yield await Promise.resolve(bytes.slice(0, 30_000));
      controller.abort();
      yield bytes.slice(30_000);
    };
    const aborted = decodeUploads({
      receipts,
      open: () => Promise.resolve(endless()),
      signal: controller.signal,
    });
    await expect(collect(aborted)).rejects.toMatchObject({ reason: 'aborted' });
    const broken = async function* () {
      yield await Promise.resolve(bytes.slice(0, 5000));
      throw new Error('the bucket is gone');
    };
    const failing = decodeUploads({ receipts, open: () => Promise.resolve(broken()), signal: NEVER });
    await expect(collect(failing)).rejects.toThrow('the bucket is gone');
    expect(await childrenNamed('ffmpeg')).toEqual([]);
  });

  it('says that ffmpeg is missing instead of blaming the file', async () => {
    const bytes = await toneFile(folder.path, { name: 'fine.webm', seconds: 1, options: OPUS });
    await expect(
      decodeAll([{ format: 'webm', bytes }], { ffmpeg: 'earshot-no-ffmpeg' }),
    ).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });
});

describe('files that try to make the decoder fetch something', () => {
  let server: Server;
  let requests = 0;
  beforeAll(async () => {
    server = createServer((_, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  it('are refused or skipped; nothing is fetched and no neighbour is read', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/canary`;
    const neighbour = join(folder.path, 'neighbour.wav');
    await writeFile(neighbour, encodeWav(new Int16Array(16_000).fill(7777), 16_000));
    const texts = [
      `#EXTM3U\n#EXTINF:1,\n${url}\n`,
      `#EXTM3U\n#EXTINF:1,\n${neighbour}\n`,
      `ffconcat version 1.0\nfile ${neighbour}\n`,
      `<?xml version="1.0"?><MPD><BaseURL>${url}</BaseURL></MPD>`,
      `<smil><body><audio src="${url}"/></body></smil>`,
      'v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n',
      `[playlist]\nFile1=${url}\n`,
    ];
    const uploads = texts.flatMap((text) => {
      const bytes = new TextEncoder().encode(text);
      const hidden = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, ...bytes);
      return [
        { format: 'wav' as const, bytes },
        { format: 'webm' as const, bytes: hidden },
      ];
    });
    const decoded = await decodeAll(uploads);
    expect(decoded.skipped).toHaveLength(uploads.length);
    expect(decoded.samples).toHaveLength(0);
    expect(requests).toBe(0);
  }, 60_000);
});
