import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wavHeader } from '@earshot/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openAudioSource } from './audio-source.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const samples = Buffer.from(Int16Array.from({ length: 8000 }, (_, i) => 1000 * Math.sin(i / 5)).buffer);

async function file(name: string, ...parts: Uint8Array[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, Buffer.concat(parts));
  return path;
}

async function read(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe('openAudioSource', () => {
  it('reads PCM16 mono WAV byte for byte at its own rate', async () => {
    const tail = Buffer.from('LIST chunk after the samples');
    const path = await file('a.wav', wavHeader(8000, samples.length), samples, tail);
    const source = await openAudioSource(path, 16_000);
    expect(source).toMatchObject({ sampleRate: 8000, seconds: 1 });
    expect((await read(source.pieces)).equals(samples)).toBe(true);
  });

  it('reads raw files at the rate that it is told', async () => {
    const source = await openAudioSource(await file('a.pcm', samples), 16_000);
    expect(source).toMatchObject({ sampleRate: 16_000, seconds: 0.5 });
    expect((await read(source.pieces)).equals(samples)).toBe(true);
  });

  it('gives nothing for a WAV without samples', async () => {
    const source = await openAudioSource(await file('empty.wav', wavHeader(8000, 0)), 16_000);
    expect((await read(source.pieces)).length).toBe(0);
  });

  it('lets ffmpeg decode what it does not read itself', async () => {
    const stereo = Buffer.from(wavHeader(8000, samples.length));
    stereo.writeUInt16LE(2, 22);
    stereo.writeUInt16LE(4, 32);
    const source = await openAudioSource(await file('stereo.wav', stereo, samples), 16_000);
    expect(source).toMatchObject({ sampleRate: 16_000, seconds: undefined });
    const seconds = (await read(source.pieces)).length / 2 / 16_000;
    expect(seconds).toBeCloseTo(0.5, 1);
  });

  it('lets ffmpeg bring another rate to the one that is wanted', async () => {
    const path = await file('slow.wav', wavHeader(8000, samples.length), samples);
    const source = await openAudioSource(path, 16_000, 16_000);
    expect(source.sampleRate).toBe(16_000);
    expect((await read(source.pieces)).length / 2 / 16_000).toBeCloseTo(1, 1);
  });

  it('says so when ffmpeg cannot read a file', async () => {
    const source = await openAudioSource(await file('a.mp3', Buffer.from('no sound at all')), 16_000);
    await expect(read(source.pieces)).rejects.toThrow(/ffmpeg could not read the file/);
  });
});
