import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encodeWav } from '@earshot/audio';
import type { Clip } from '@earshot/calls';
import { LIMITS } from '@earshot/protocol';
import { createGuardedFetch } from '@earshot/runtime';
import { callKeys } from '@earshot/storage';
import { computedAudio, temporaryFolder, until } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from '../faces/testing/face-bench.ts';
import { createClips } from './clips.ts';
import { createSpoolFolder } from './spool-folder.ts';
import { formOf } from './testing/asset-files.ts';

const RATE = 16_000;
const samples = computedAudio(11, 0, 3 * RATE + 123);
const wav = encodeWav(samples, RATE);

let bench: FaceBench;
let host: Server;
let origin: string;
let answer: RequestListener;
let requests = 0;

beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
  host = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
});
afterAll(async () => {
  host.closeAllConnections();
  host.close();
  await bench.stop();
});
afterEach(async () => {
  expect(await readdir(bench.spoolPath).catch(() => [])).toEqual([]);
});

const serve = (body: Uint8Array, headers: Record<string, string> = {}) => {
  answer = (_request, response) => void response.writeHead(200, headers).end(body);
};

async function readAll(clip: Clip): Promise<Int16Array> {
  const parts: number[] = [];
  await until(
    () => {
      for (let next = clip.next(320); ; next = clip.next(320)) {
        if (next === null) return true;
        if (next.length === 0) return false;
        parts.push(...next);
      }
    },
    { timeoutMs: 10_000 },
  );
  return Int16Array.from(parts);
}

describe('a clip from a URL', () => {
  it('is the audio behind it, and leaves no file even while it plays', async () => {
    serve(wav, { 'content-type': 'application/octet-stream' });
    const clip = await bench.clips.fromUrl('clinic', `${origin}/greeting.wav`);
    expect(await readdir(bench.spoolPath)).toEqual([]);
    expect(await readAll(clip)).toEqual(samples);
    clip.close();
    expect(bench.failures).toEqual([]);
  });

  it('has a name of its own each time', async () => {
    serve(wav);
    const clips = [await bench.clips.fromUrl('clinic', origin), await bench.clips.fromUrl('clinic', origin)];
    expect(clips[0]?.playId).not.toBe(clips[1]?.playId);
    for (const clip of clips) clip.close();
  });

  it('plays into a call of the number', async () => {
    serve(wav);
    const { callId: id } = bench.calls.incoming(bench.desk.record, '+15550100');
    const reply = await bench.post(`/v1/calls/${id}/play`, bench.desk.key, { mediaUrl: `${origin}/a.wav` });
    expect([reply.status, reply.json()]).toEqual([200, { success: true, id, status: 'RINGING' }]);
    expect(await readAll(bench.calls.played.at(-1)!)).toEqual(samples);
  });

  it('is not fetched for a call that is over, unknown, of another number, or carried elsewhere', async () => {
    const over = bench.calls.incoming(bench.desk.record, '+15550100').callId;
    bench.calls.change(over, { state: 'ended' });
    const other = bench.calls.incoming(bench.lab.record, '+15550100').callId;
    const away = bench.calls.incoming(bench.desk.record, '+15550100').callId;
    bench.calls.elsewhere.add(away);
    const before = requests;
    const codes = [];
    for (const id of [over, other, 'call_nobody', away]) {
      const body = { mediaUrl: `${origin}/a.wav` };
      codes.push((await bench.post(`/v1/calls/${id}/play`, bench.desk.key, body)).json().code);
    }
    expect(codes).toEqual(['CALL_NOT_ACTIVE', 'CALL_NOT_FOUND', 'CALL_NOT_FOUND', 'SERVICE_UNAVAILABLE']);
    expect(requests).toBe(before);
  });

  it.each([
    ['a page', () => serve(new TextEncoder().encode('<html>')), 'invalid_audio_format'],
    ['a playlist', () => serve(new TextEncoder().encode('#EXTM3U\n')), 'invalid_audio_format'],
    ['nothing', () => serve(new Uint8Array(0)), 'invalid_audio_format'],
    ['half a file', () => serve(wav.subarray(0, 5000)), 'invalid_audio_format'],
    [
      'too much',
      () => {
        answer = (_request, response) => {
          response.writeHead(200, { 'content-length': String(LIMITS.maxAssetBytes + 1) });
          response.end(wav);
        };
      },
      'upstream_unreachable',
    ],
    [
      'an error',
      () => {
        answer = (_request, response) => void response.writeHead(404).end(wav);
      },
      'upstream_unreachable',
    ],
    [
      'a redirect',
      () => {
        answer = (_request, response) => void response.writeHead(302, { location: origin }).end();
      },
      'upstream_unreachable',
    ],
  ])('is refused where there is %s', async (_name, prepare, code) => {
    prepare();
    await expect(bench.clips.fromUrl('clinic', `${origin}/x.wav`)).rejects.toMatchObject({ code });
  });

  it('goes only where the policy lets it', async () => {
    serve(wav);
    const strict = createClips({
      store: bench.store,
      archive: bench.archive,
      spool: bench.spool,
      slots: bench.slots,
      fetch: createGuardedFetch({ allowPrivate: false }),
      signal: new AbortController().signal,
      onFailure: (error) => bench.failures.push(error),
    });
    const before = requests;
    for (const url of [
      `${origin}/a.wav`,
      'file:///etc/passwd',
      'https://localhost/a',
      'ftp://example.com/a',
      'a',
    ]) {
      await expect(strict.fromUrl('clinic', url)).rejects.toMatchObject({ code: 'invalid_request' });
    }
    expect(requests).toBe(before);
  });
});

describe('a clip of an asset', () => {
  it('is read from the store in pieces', async () => {
    const form = formOf(wav);
    const path = '/api/v1/call-audio-assets';
    const asset = await bench.ask(path, { method: 'POST', key: bench.tenant, body: form });
    const id = asset.json().data.id as string;
    const clip = await bench.clips.fromAsset('clinic', id);
    expect(await readAll(clip)).toEqual(samples);
    clip.close();
    await bench.store.remove([callKeys.assetAudio('clinic', id)]);
    await expect(bench.clips.fromAsset('clinic', id)).rejects.toMatchObject({ code: 'asset_not_found' });
  });
});

describe('the spool folder', () => {
  it('is swept of what crashed processes left, and of nothing else', async () => {
    const spool = createSpoolFolder(bench.spoolPath);
    const [old, young] = [await spool.newFile(), await spool.newFile()];
    const foreign = join(bench.spoolPath, 'foreign');
    for (const path of [old.path, young.path, foreign]) await writeFile(path, 'x');
    const past = new Date(Date.now() - 4_000_000);
    for (const path of [old.path, foreign]) await utimes(path, past, past);
    expect(await spool.sweep(new Date())).toBe(1);
    expect((await readdir(bench.spoolPath)).length).toBe(2);
    expect(await createSpoolFolder(join(bench.spoolPath, 'nowhere')).sweep(new Date())).toBe(0);
    await young.remove();
    await rm(foreign);
  });
});
