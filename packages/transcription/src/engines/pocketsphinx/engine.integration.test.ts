import { readdir } from 'node:fs/promises';
import { synthesizeSpeech, type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENGINE_SAMPLE_RATE } from '../../engine/engine.ts';
import { EngineError } from '../../engine/engine-error.ts';
import { wordErrorRate } from '../../render/word-error-rate.ts';
import { childrenNamed } from '../../testing/child-count.ts';
import { engineContract } from '../../testing/contract.ts';
import { createPocketsphinxEngine } from './engine.ts';

const NEVER = new AbortController().signal;
const TEXT =
  'The patient has a headache and a mild fever since yesterday. She takes the tablets every morning.';

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder.remove();
});

async function faultOf(work: Promise<unknown>) {
  const error: unknown = await work.catch((reason: unknown) => reason);
  return error instanceof EngineError ? error.fault : undefined;
}

describe('the engine contract, kept by PocketSphinx', () => {
  for (const promise of engineContract) {
    it(promise.name, async () => {
      await promise.run({
        create: () => createPocketsphinxEngine({ tempDir: folder.path }),
        abortAfterMs: 300,
        killChild: async () => {
          for (const pid of await childrenNamed('pocketsphinx_batch')) process.kill(pid, 'SIGKILL');
        },
        countChildren: async () => (await childrenNamed('pocketsphinx_batch')).length,
      });
    }, 120_000);
  }
});

describe('PocketSphinx', () => {
  it('writes down spoken English with word times, and leaves no file behind', async () => {
    const engine = createPocketsphinxEngine({ tempDir: folder.path });
    const samples = await synthesizeSpeech(TEXT);
    const result = await engine.transcribe({ samples }, { wantWords: true }, NEVER);
    await engine.close();
    expect(wordErrorRate(TEXT, result.text)).toBeLessThan(0.25);
    expect(result).toMatchObject({ engine: 'pocketsphinx', model: 'en-us', language: 'en', timing: 'word' });
    const words = result.segments.flatMap((segment) => segment.words ?? []);
    const patient = words.find((word) => word.text === 'patient');
    expect(patient?.startMs).toBeGreaterThan(100);
    expect(patient?.endMs).toBeLessThan(1200);
    expect(result.text).not.toMatch(/[<>[\]()+]/);
    expect(await readdir(folder.path)).toEqual([]);
  }, 60_000);

  it('keeps the last word of audio that ends with it', async () => {
    const engine = createPocketsphinxEngine({ tempDir: folder.path });
    const spoken = await synthesizeSpeech('The patient has a headache and a mild fever since yesterday.');
    const end = spoken.findLastIndex((sample) => Math.abs(sample) > 300);
    const samples = spoken.slice(0, end);
    const result = await engine.transcribe({ samples }, { wantWords: true }, NEVER);
    await engine.close();
    expect(result.text).toMatch(/since yesterday$/);
  }, 60_000);

  it('hears what is said again after a long pause as it heard it before, at its own time', async () => {
    const engine = createPocketsphinxEngine({ tempDir: folder.path });
    const spoken = await synthesizeSpeech(TEXT);
    const secondAt = 12 * ENGINE_SAMPLE_RATE;
    const both = new Int16Array(secondAt + spoken.length + 10 * ENGINE_SAMPLE_RATE);
    both.set(spoken);
    both.set(spoken, secondAt);
    const result = await engine.transcribe({ samples: both }, { wantWords: true }, NEVER);
    await engine.close();
    expect(wordErrorRate(`${TEXT} ${TEXT}`, result.text)).toBeLessThan(0.1);
    const words = result.segments.flatMap((segment) => segment.words ?? []);
    for (const text of ['patient', 'fever', 'tablets']) {
      const [first, second] = words.filter((word) => word.text === text);
      expect(Math.abs((second?.startMs ?? 0) - (first?.startMs ?? 0) - 12_000)).toBeLessThan(100);
      expect(Math.abs((second?.endMs ?? 0) - (first?.endMs ?? 0) - 12_000)).toBeLessThan(100);
    }
  }, 60_000);

  it('finds words behind noise, and none in it', async () => {
    const engine = createPocketsphinxEngine({ tempDir: folder.path });
    const spoken = await synthesizeSpeech('She takes the tablets every morning.');
    const noiseSamples = 6 * ENGINE_SAMPLE_RATE;
    const samples = new Int16Array(noiseSamples + spoken.length);
    for (let index = 0; index < noiseSamples; index += 1) samples[index] = (index * 7919) % 61;
    samples.set(spoken, noiseSamples);
    const result = await engine.transcribe({ samples }, { wantWords: true }, NEVER);
    await engine.close();
    expect(result.text).toMatch(/tablets every morning$/);
    const first = result.segments[0]?.words?.[0];
    expect(first?.startMs).toBeGreaterThan(5500);
  }, 60_000);

  it('says which package is missing when there is no program or no model', async () => {
    const noProgram = createPocketsphinxEngine({ binary: 'earshot-no-such-program', tempDir: folder.path });
    expect(await faultOf(noProgram.ready(NEVER))).toMatchObject({
      kind: 'misconfigured',
      cause: expect.stringContaining('install the package pocketsphinx'),
    });
    const noModel = createPocketsphinxEngine({ modelDir: folder.path, tempDir: folder.path });
    expect(await faultOf(noModel.ready(NEVER))).toMatchObject({
      kind: 'misconfigured',
      cause: expect.stringContaining('pocketsphinx-en-us'),
    });
    await Promise.all([noProgram.close(), noModel.close()]);
  });

  it('calls a program that fails on its model misconfigured when it is asked to be ready', async () => {
    const engine = createPocketsphinxEngine({ binary: 'false', tempDir: folder.path });
    expect(await faultOf(engine.ready(NEVER))).toMatchObject({ kind: 'misconfigured' });
    expect(
      await faultOf(engine.transcribe({ samples: new Int16Array(8000) }, { wantWords: true }, NEVER)),
    ).toEqual({
      kind: 'crashed',
      exit: 'exit 1',
    });
    await engine.close();
  });

  it('treats a program that writes nothing as a passing fault', async () => {
    const engine = createPocketsphinxEngine({ binary: 'true', tempDir: folder.path });
    const work = engine.transcribe({ samples: new Int16Array(8000) }, { wantWords: true }, NEVER);
    expect(await faultOf(work)).toMatchObject({ kind: 'transient' });
    await engine.close();
  });
});
