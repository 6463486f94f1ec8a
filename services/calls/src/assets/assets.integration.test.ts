import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { encodeWav } from '@earshot/audio';
import { LIMITS } from '@earshot/protocol';
import { callKeys } from '@earshot/storage';
import { computedAudio, temporaryFolder, until } from '@earshot/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaceBench, startFaces } from '../faces/testing/face-bench.ts';
import { formOf, toneFile } from './testing/asset-files.ts';

const URL = '/api/v1/call-audio-assets';
const RATE = 16_000;

let bench: FaceBench;
beforeAll(async () => {
  bench = await startFaces(await temporaryFolder());
});
afterAll(() => bench.stop());
afterEach(async () => {
  expect(await readdir(bench.spoolPath).catch(() => [])).toEqual([]);
  expect(bench.failures).toEqual([]);
});

const upload = (form: FormData, key = bench.tenant) => bench.ask(URL, { method: 'POST', key, body: form });
const tone = (samples: number) => computedAudio(7, 0, samples);

describe('an asset', () => {
  it('is taken, shown, listed and deleted', async () => {
    const bytes = encodeWav(tone(RATE * 2 + 800), RATE);
    const answer = await upload(formOf(bytes, { name: 'Größe; 1.wav' }));
    expect(answer.status).toBe(201);
    const { data } = answer.json();
    expect(data).toEqual({
      id: expect.stringMatching(/^ast_[0-9a-z]{26}$/),
      filename: 'Größe; 1.wav',
      contentType: 'audio/wav',
      sizeBytes: bytes.length,
      durationMs: 2050,
      status: 'ready',
    });
    const path = `${URL}/${data.id}`;
    expect((await bench.ask(path, { key: bench.desk.key })).json()).toEqual({ data });
    expect((await bench.ask(URL, { key: bench.tenant })).json()).toEqual({ data: [data] });
    const key = callKeys.assetAudio('clinic', data.id as string);
    expect((await bench.store.head(key))?.bytes).toBe((RATE * 2 + 800) * 2);
    expect((await bench.ask(path, { method: 'DELETE', key: bench.tenant })).status).toBe(204);
    expect((await bench.ask(path, { method: 'DELETE', key: bench.tenant })).status).toBe(404);
    expect(await bench.store.head(key)).toBeNull();
    expect((await bench.ask(URL, { key: bench.tenant })).json()).toEqual({ data: [] });
  });

  it('keeps plain WAV at the rate of calls sample for sample', async () => {
    const samples = tone(RATE + 1);
    const id = (await upload(formOf(encodeWav(samples, RATE)))).json().data.id as string;
    const stored = await bench.store.get(callKeys.assetAudio('clinic', id));
    expect(new Int16Array(stored.slice().buffer)).toEqual(samples);
  });

  it.each([
    ['tone.mp3', 'audio/mpeg', []],
    ['tone.ogg', 'audio/ogg', ['-c:a', 'libopus']],
    ['tone.flac', 'audio/flac', []],
    ['tone.m4a', 'audio/mp4', ['-c:a', 'aac']],
    ['tone.webm', 'audio/webm', ['-c:a', 'libopus']],
    ['tone.wav', 'audio/x-wav', ['-ac', '2', '-ar', '44100']],
  ])('may be %s', async (name, type, options) => {
    const answer = await upload(formOf(await toneFile(name, 2, options), { type, name }));
    expect(answer.status).toBe(201);
    const { durationMs } = answer.json().data;
    expect(Math.abs(Number(durationMs) - 2000)).toBeLessThan(120);
  });

  it('of another tenant is not there, neither to see, to play nor to delete', async () => {
    const theirs = (await upload(formOf(encodeWav(tone(800), RATE)), bench.foreign.key)).json().data.id;
    const unknown = `ast_${'0'.repeat(26)}`;
    const call = bench.calls.incoming(bench.desk.record, '+15550100');
    for (const method of ['GET', 'DELETE']) {
      const answers = await Promise.all(
        [theirs, unknown, '..%2Fx'].map((id) => bench.ask(`${URL}/${id}`, { method, key: bench.tenant })),
      );
      for (const answer of answers) {
        expect([answer.status, answer.text]).toEqual([404, answers[1]?.text]);
      }
    }
    for (const assetId of [theirs, unknown, '../x']) {
      const path = `/api/v1/sessions/lin_desk/calls/${call.callId}/audio/play`;
      const answer = await bench.post(path, bench.desk.key, { assetId });
      expect([answer.status, answer.code()]).toEqual([404, 'asset_not_found']);
    }
    expect((await bench.ask(`${URL}/${theirs}`, { key: bench.foreign.key })).status).toBe(200);
  });

  it('plays into a call under a name of its own', async () => {
    const id = (await upload(formOf(encodeWav(tone(800), RATE)))).json().data.id as string;
    const call = bench.calls.incoming(bench.desk.record, '+15550100');
    const path = `/api/v1/sessions/lin_desk/calls/${call.callId}/audio/play`;
    const answer = await bench.post(path, bench.tenant, { assetId: id });
    const clip = bench.calls.played.at(-1)!;
    expect(answer.json()).toEqual({
      data: { callId: call.callId, assetId: id, playId: clip.playId },
    });
    expect(clip.next(10_000)).toEqual(tone(800));
    expect(clip.next(1)).toBeNull();
    bench.calls.missing.add('play');
    const refused = await bench.post(path, bench.tenant, { assetId: id });
    bench.calls.missing.clear();
    expect([refused.status, refused.code()]).toEqual([400, 'feature_not_supported']);
    bench.calls.change(call.callId, { state: 'ended' });
    expect((await bench.post(path, bench.tenant, { assetId: id })).code()).toBe('call_not_active');
  });
});

describe('a form', () => {
  it.each([
    ['another field', formOf(encodeWav(tone(10), RATE), { field: 'file' }), 400, 'invalid_request'],
    ['another type', formOf(encodeWav(tone(10), RATE), { type: 'video/mp4' }), 415, 'unsupported_media_type'],
    ['no type', formOf(encodeWav(tone(10), RATE), { type: '' }), 415, 'unsupported_media_type'],
    ['an empty file', formOf(new Uint8Array(0)), 400, 'invalid_request'],
    ['no file', new FormData(), 400, 'invalid_request'],
  ])('with %s is refused', async (_name, form, status, code) => {
    const answer = await upload(form);
    expect([answer.status, answer.code()]).toEqual([status, code]);
  });

  it('that is none is refused', async () => {
    const asks: [string, string][] = [
      ['application/json', '{}'],
      ['multipart/form-data', 'x'],
      ['multipart/form-data; boundary=edge', 'nothing of the kind'],
      ['audio/wav', 'RIFF'],
    ];
    const statuses = [];
    for (const [type, body] of asks) {
      const headers = { 'content-type': type, 'x-api-key': bench.tenant };
      const answer = await fetch(`http://127.0.0.1:${bench.port}${URL}`, { method: 'POST', headers, body });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([415, 400, 400, 415]);
  });

  it('may be as large as the limit, and not a byte more', async () => {
    const wav = encodeWav(new Int16Array((LIMITS.maxAssetBytes - 44) / 2).fill(1), RATE);
    expect(wav.length).toBe(LIMITS.maxAssetBytes);
    expect((await upload(formOf(wav))).status).toBe(201);
    const beyond = new Uint8Array(wav.length + 1);
    beyond.set(wav);
    const answer = await upload(formOf(beyond));
    expect([answer.status, answer.code()]).toEqual([413, 'chunk_too_large']);
  }, 30_000);

  it('that says it is too large is refused before it is sent', async () => {
    const socket = connect({ port: bench.port, host: '127.0.0.1' });
    let received = '';
    socket.on('data', (part: Buffer) => {
      received += part.toString();
    });
    const head = [
      `POST ${URL} HTTP/1.1`,
      'Host: x',
      `X-API-Key: ${bench.tenant}`,
      'Content-Type: multipart/form-data; boundary=edge',
      'Content-Length: 10000000000',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await until(() => received.includes('chunk_too_large'), { timeoutMs: 5000 });
    expect(received).toContain('HTTP/1.1 413');
    socket.destroy();
  });

  it('that breaks off leaves nothing behind', async () => {
    const socket = connect({ port: bench.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    const part =
      '--edge\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n';
    const head = [
      `POST ${URL} HTTP/1.1`,
      'Host: x',
      `X-API-Key: ${bench.tenant}`,
      'Content-Type: multipart/form-data; boundary=edge',
      'Content-Length: 100000',
    ];
    const before = (await bench.ask(URL, { key: bench.tenant })).texts('data', 'id').length;
    socket.write(`${head.join('\r\n')}\r\n\r\n${part}RIFF${'x'.repeat(20_000)}`);
    await until(async () => (await readdir(bench.spoolPath)).length > 0, { timeoutMs: 5000 });
    socket.destroy();
    await until(async () => (await readdir(bench.spoolPath)).length === 0, { timeoutMs: 5000 });
    expect((await bench.ask(URL, { key: bench.tenant })).texts('data', 'id')).toHaveLength(before);
  });
});
