import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encodeWav } from '@earshot/audio';
import { computedAudio, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { childrenNamed } from '../testing/child-count.ts';
import { collectEvents, decodeAll, receiptOf, type TestUpload, toneFile } from '../testing/uploads.ts';
import { type DecodeUploadsRequest, decodeUploads } from './decode-uploads.ts';

const NEVER = new AbortController().signal;
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

describe('odd and damaged uploads', () => {
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
    const decoded = await decode([{ format: 'webm', bytes }]);
    expect(decoded.skipped).toEqual([]);
    expect(decoded.seconds).toBeCloseTo(2, 1);
  });

  it('keeps what lies behind a jump of the file clock', async () => {
    const jump = ['-af', 'asetpts=PTS+gt(T\\,2)*9000/TB'];
    const bytes = await toneFile(folder.path, { name: 'jump.webm', seconds: 4, options: [...jump, ...OPUS] });
    const decoded = await decode([{ format: 'webm', bytes }], { limits: { maxSeconds: 60 } });
    expect(decoded.seconds).toBeGreaterThan(3.9);
    expect(decoded.seconds).toBeLessThan(4.1);
  });

  it('ends cleanly with a reason on WAV files cut off at every byte of their head', async () => {
    const wav = encodeWav(computedAudio(1, 0, 100), 16_000);
    const cuts = Array.from({ length: 60 }, (_, cut) => ({
      format: 'wav' as const,
      bytes: wav.slice(0, cut),
    }));
    const decoded = await decode(cuts);
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
    const uploads = Array.from({ length: 24 }, (_, i): TestUpload => {
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
    const decoded = await decode(uploads, { limits: { maxSeconds: 30, maxWallMs: 20_000 } });
    expect(decoded.samples.length).toBeLessThan(24 * 30 * 48_000);
    expect(decoded.skipped.length).toBeGreaterThan(0);
    expect(await childrenNamed('ffmpeg')).toEqual([]);
  }, 120_000);

  it('tells of damage in the middle of a recording, and keeps what is around it', async () => {
    const bytes = await toneFile(folder.path, { name: 'dent.flac', seconds: 3, options: ['-ar', '16000'] });
    const decoded = await decode([{ format: 'flac', bytes: bytes.fill(0x55, 20_000, 26_000) }]);
    expect(decoded.skipped).toEqual(['0.flac damaged']);
    expect(decoded.seconds).toBeGreaterThan(1.5);
  });

  it('stops at the longest length that is allowed', async () => {
    const bytes = await toneFile(folder.path, { name: 'bomb.flac', seconds: 120, options: [] });
    const decoded = await decode([{ format: 'flac', bytes }], { limits: { maxSeconds: 5 } });
    expect(decoded.skipped).toEqual(['0.flac too_long']);
    expect(decoded.seconds).toBe(5);
    const wav = encodeWav(new Int16Array(16_001), 16_000);
    expect((await decode([{ format: 'wav', bytes: wav }], { limits: { maxSeconds: 1 } })).skipped).toEqual([
      '0.wav too_long',
    ]);
    expect(
      (await decode([{ format: 'wav', bytes: wav.slice(0, -2) }], { limits: { maxSeconds: 1 } })).samples,
    ).toHaveLength(16_000);
  });

  it('stops a decoder that takes too long, and leaves no process and no file', async () => {
    const bytes = await toneFile(folder.path, { name: 'slow.m4a', seconds: 60, options: ['-c:a', 'aac'] });
    const before = await readdir(folder.path);
    const decoded = await decode([{ format: 'm4a', bytes }], { limits: { maxWallMs: 1 } });
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
    await expect(collectEvents(aborted)).rejects.toMatchObject({ reason: 'aborted' });
    const broken = async function* () {
      yield await Promise.resolve(bytes.slice(0, 5000));
      throw new Error('the bucket is gone');
    };
    const failing = decodeUploads({ receipts, open: () => Promise.resolve(broken()), signal: NEVER });
    await expect(collectEvents(failing)).rejects.toThrow('the bucket is gone');
    expect(await childrenNamed('ffmpeg')).toEqual([]);
  });

  it('says that ffmpeg is missing instead of blaming the file', async () => {
    const bytes = await toneFile(folder.path, { name: 'fine.webm', seconds: 1, options: OPUS });
    await expect(decode([{ format: 'webm', bytes }], { ffmpeg: 'earshot-no-ffmpeg' })).rejects.toMatchObject({
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
    const decoded = await decode(uploads);
    expect(decoded.skipped).toHaveLength(uploads.length);
    expect(decoded.samples).toHaveLength(0);
    expect(requests).toBe(0);
  }, 60_000);
});
