import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encodeWav } from '@earshot/audio';
import { EarshotError, LIMITS } from '@earshot/protocol';
import { callKeys } from '@earshot/storage';
import { temporaryFolder } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from '../faces/testing/face-bench.ts';
import { prepareAudio, sniffFormat } from './prepare-audio.ts';
import { formOf, madeFile, toneFile } from './testing/asset-files.ts';

const URL = '/api/v1/call-audio-assets';
const RATE = 16_000;

let bench: FaceBench;
beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
});
afterAll(() => bench.stop());
afterEach(async () => {
  expect(await readdir(bench.spoolPath).catch(() => [])).toEqual([]);
});

const send = (bytes: Uint8Array, options: { type?: string; name?: string } = {}) =>
  bench.ask(URL, { method: 'POST', key: bench.tenant, body: formOf(bytes, options) });

const text = (value: string) => new TextEncoder().encode(value);
const hex = (value: string) => new Uint8Array(Buffer.from(value, 'hex'));

/** A WAV file whose head says what the test wants. */
function wavWith({ channels = 1, rate = RATE, bits = 16, dataBytes = 2000, extra = new Uint8Array(0) } = {}) {
  const data = new Uint8Array(2000).fill(3);
  const format = new DataView(new ArrayBuffer(16));
  format.setUint16(0, 1, true);
  format.setUint16(2, channels, true);
  format.setUint32(4, rate, true);
  format.setUint32(8, rate * 2, true);
  format.setUint16(12, 2, true);
  format.setUint16(14, bits, true);
  const size = (bytes: number) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, bytes, true);
    return new Uint8Array(view.buffer);
  };
  const fmt = [text('fmt '), size(16), new Uint8Array(format.buffer)];
  return new Uint8Array(
    Buffer.concat([
      text('RIFF'),
      size(0xffff_ffff),
      text('WAVE'),
      extra,
      ...fmt,
      text('data'),
      size(dataBytes),
      data,
    ]),
  );
}

describe('files that are no audio', () => {
  it.each([
    ['one byte', hex('00')],
    ['text', text('hello there, this is no audio')],
    ['a ZIP', hex('504b030414000000')],
    ['a PDF', text('%PDF-1.7\n')],
    ['an ELF program', hex('7f454c4602010100')],
    ['an MPEG transport stream', Uint8Array.from({ length: 1000 }, (_, i) => (i % 188 === 0 ? 0x47 : 0))],
    ['a playlist', text('#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/a\n')],
    ['a CUE sheet', text('FILE "a.wav" WAVE\n  TRACK 01 AUDIO\n')],
    ['noise', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + 13) & 0xff)],
  ])('are refused: %s', async (_name, bytes) => {
    const answer = await send(bytes);
    expect([answer.status, answer.code()]).toEqual([400, 'invalid_audio_format']);
  });
});

describe('files that try to make the decoder fetch something', () => {
  let canary: Server;
  let requests = 0;
  beforeAll(async () => {
    canary = createServer((_, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void canary.close());

  it('are refused; nothing is fetched, no neighbour is read', async () => {
    const folder = await temporaryFolder();
    const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/canary`;
    const neighbour = join(folder.path, 'neighbour.wav');
    await writeFile(neighbour, encodeWav(new Int16Array(RATE).fill(7777), RATE));
    const texts = [
      `#EXTM3U\n#EXTINF:1,\n${url}\n`,
      `#EXTM3U\n#EXTINF:1,\n${neighbour}\n`,
      `ffconcat version 1.0\nfile ${neighbour}\n`,
      `<?xml version="1.0"?><MPD><BaseURL>${url}</BaseURL></MPD>`,
      `<smil><body><audio src="${url}"/></body></smil>`,
      'v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n',
      `[playlist]\nFile1=${url}\n`,
    ];
    const disguises = ['', '1a45dfa3', '4f67675300020000', '664c6143', '494433030000'].map(hex);
    const refused = [];
    for (const disguise of disguises) {
      for (const content of texts) {
        const answer = await send(new Uint8Array([...disguise, ...text(content)]), { name: 'list.mp3' });
        refused.push([answer.status, answer.code()]);
      }
    }
    expect(refused).toEqual(refused.map(() => [400, 'invalid_audio_format']));
    expect(refused).toHaveLength(35);
    expect(requests).toBe(0);
    await folder.remove();
  }, 60_000);
});

describe('files with lying heads', () => {
  const list = new Uint8Array([...text('LIST'), 4, 0, 0, 0, ...text('INFO')]);
  it.each([
    ['a length of nothing, as streams have it', { dataBytes: 0 }, 201],
    ['more samples than there are', { dataBytes: 4000 }, 400],
    ['an open end', { dataBytes: 0xffff_ffff }, 201],
    ['half a sample', { dataBytes: 1999 }, 201],
    ['no channel', { channels: 0 }, 400],
    ['65,535 channels', { channels: 65_535 }, 400],
    ['nine channels', { channels: 9 }, 400],
    ['no rate', { rate: 0 }, 400],
    ['a rate of 4 GHz', { rate: 4_000_000_000 }, 400],
    ['samples of no bits', { bits: 0 }, 400],
    ['another chunk in front', { extra: list }, 201],
    ['100,000 chunks in front', { extra: new Uint8Array(Buffer.concat(Array(100_000).fill(list))) }, 400],
  ] as const)('are judged: %s', async (_name, head, status) => {
    expect((await send(wavWith(head))).status).toBe(status);
  });

  it('are refused, cut off at any byte of their head', async () => {
    const wav = encodeWav(new Int16Array(100).fill(9), RATE);
    const statuses = [];
    for (let cut = 1; cut <= 44; cut += 1) statuses.push((await send(wav.subarray(0, cut))).status);
    expect(statuses).toEqual(statuses.map(() => 400));
  }, 60_000);
});

describe('large and odd audio', () => {
  it('of a small file is stopped at the longest length', async () => {
    const seconds = LIMITS.maxAssetSeconds + 5;
    const bytes = await madeFile('long.flac', `anullsrc=r=8000:cl=mono:d=${seconds}`);
    expect(bytes.length).toBeLessThan(1_000_000);
    const answer = await send(bytes, { type: 'audio/flac' });
    expect([answer.status, answer.code()]).toEqual([413, 'chunk_too_large']);
  }, 120_000);

  it('with eight channels at 192 kHz becomes one at 16 kHz', async () => {
    const bytes = await madeFile('wide.flac', 'anoisesrc=r=192000:d=1,aformat=channel_layouts=7.1');
    const answer = await send(bytes, { type: 'audio/flac' });
    const id = answer.json().data.id as string;
    const stored = await bench.store.head(callKeys.assetAudio('clinic', id));
    expect(Math.abs((stored?.bytes ?? 0) / 2 - RATE)).toBeLessThan(RATE / 20);
  });

  it('with a picture gives its sound alone', async () => {
    const picture = ['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x48:r=5', '-c:v', 'mjpeg', '-c:a', 'libopus'];
    const answer = await send(await toneFile('video.mkv', 1, picture), { type: 'audio/webm' });
    expect(answer.status).toBe(201);
  });

  it('with a dent is refused', async () => {
    const bytes = await toneFile('dent.flac', 3, ['-ar', '16000']);
    const answer = await send(bytes.fill(0x55, 20_000, 26_000), { type: 'audio/flac' });
    expect([answer.status, answer.json().error.details]).toEqual([400, { reason: 'damaged' }]);
  });

  it.each(['-y.wav', '"; rm -rf /.wav', '$(touch x).wav', 'a\nb.wav', '../../etc/passwd', '..'])(
    'called %j is only called so',
    async (name) => {
      const answer = await send(encodeWav(new Int16Array(100).fill(9), RATE), { name });
      expect(answer.status).toBe(201);
      const { filename } = answer.json().data;
      expect(filename).not.toMatch(/[/\n]/);
    },
  );
});

describe('preparing audio', () => {
  const file = (bytes: Uint8Array) =>
    (async function* () {
      yield await Promise.resolve(bytes);
    })();

  it('ends with a reason, whatever is damaged, and within its limits', async () => {
    const folder = await temporaryFolder();
    const sources = [
      await toneFile('m.flac', 1, ['-ar', '8000']),
      await toneFile('m.webm', 1, ['-c:a', 'libopus']),
      await toneFile('m.m4a', 1, ['-c:a', 'aac']),
      await toneFile('m.mp3', 1),
    ];
    let state = 4711;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const outcomes = new Set<string>();
    for (let i = 0; i < 24; i += 1) {
      const bytes = sources[i % 4]!.slice();
      for (let n = 0; n < 12; n += 1) bytes[random(bytes.length)] = random(256);
      const prepare = async () =>
        prepareAudio({
          input: file(bytes),
          format: sniffFormat(bytes),
          path: join(folder.path, `${i}.pcm`),
          signal: new AbortController().signal,
          limits: { maxSeconds: 30, maxWallMs: 20_000 },
        });
      const outcome = await prepare().catch((error: unknown) => error);
      outcomes.add(outcome instanceof EarshotError ? outcome.code : typeof outcome);
      if (!(outcome instanceof EarshotError)) expect(outcome).toMatchObject({ samples: expect.any(Number) });
    }
    expect(
      [...outcomes].filter((name) => !['object', 'invalid_audio_format', 'chunk_too_large'].includes(name)),
    ).toEqual([]);
    await folder.remove();
  }, 120_000);

  it('is given up after its time, and when the server stops', async () => {
    const folder = await temporaryFolder();
    const bytes = await toneFile('slow.m4a', 120, ['-c:a', 'aac']);
    const prepare = (name: string, signal: AbortSignal, maxWallMs: number) =>
      prepareAudio({
        input: file(bytes),
        format: 'm4a',
        path: join(folder.path, name),
        signal,
        limits: { maxWallMs },
      });
    const never = new AbortController().signal;
    await expect(prepare('a', never, 1)).rejects.toMatchObject({
      code: 'invalid_audio_format',
      details: { reason: 'timed_out' },
    });
    await expect(prepare('b', AbortSignal.abort(), 10_000)).rejects.toMatchObject({ code: 'shutting_down' });
    await folder.remove();
  });
});
