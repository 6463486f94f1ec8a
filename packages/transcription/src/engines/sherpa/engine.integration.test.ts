import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@earshot/test-support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EngineError } from '../../engine/engine-error.ts';
import { buildScripts } from '../../testing/built.ts';
import { childrenNamed } from '../../testing/child-count.ts';
import { engineContract } from '../../testing/contract.ts';
import { writeTinyModel } from '../../testing/tiny-ctc-model.ts';
import { createSherpaEngine, type SherpaOptions } from './engine.ts';
import { MANIFEST_FILE, ModelManifest } from './manifest.ts';
import { modelGuide, renderModelGuide } from './model-guide.ts';

const NEVER = new AbortController().signal;
const OPTIONS = { wantWords: true };

let folder: TemporaryFolder;
let models = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  await buildScripts();
}, 120_000);

afterAll(async () => {
  await folder.remove();
});

async function model(changes: Partial<ModelManifest> = {}): Promise<string> {
  models += 1;
  const path = join(folder.path, `model-${models}`);
  await writeTinyModel(path, changes);
  return path;
}

const engineWith = async (options: Partial<SherpaOptions> = {}) =>
  createSherpaEngine({ modelDir: await model(), ...options });

const tone = (hertz: number, seconds: number): number[] =>
  Array.from({ length: seconds * 16_000 }, (_, i) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * hertz * i) / 16_000)),
  );

const silence = (seconds: number): number[] => Array.from({ length: seconds * 16_000 }, () => 0);

const children = () => childrenNamed('sherpa-child');

async function faultOf(work: Promise<unknown>) {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  return error instanceof EngineError ? error.fault : undefined;
}

describe('the engine contract, kept by sherpa-onnx', () => {
  for (const promise of engineContract) {
    it(promise.name, async () => {
      await promise.run({
        create: () => engineWith(),
        abortAfterMs: 5,
        killChild: async () => {
          for (const pid of await children()) process.kill(pid, 'SIGKILL');
        },
        countChildren: async () => (await children()).length,
      });
    }, 60_000);
  }
});

describe('the local neural engine', () => {
  it('loads a model in a process of its own and gives words with times', async () => {
    const engine = await engineWith();
    const samples = Int16Array.from([
      ...silence(1),
      ...tone(200, 1),
      ...silence(1),
      ...tone(6000, 1),
      ...silence(1),
    ]);
    const result = await engine.transcribe({ samples }, OPTIONS, NEVER);
    await engine.close();
    expect(result).toMatchObject({ engine: 'sherpa', model: 'tiny', version: '1.13.8', timing: 'word' });
    const words = result.segments.flatMap((segment) => segment.words ?? []);
    expect(words.map((word) => word.text)).toEqual(['low', 'high']);
    expect(words[0]?.startMs).toBeGreaterThan(900);
    expect(words[0]?.startMs).toBeLessThan(1200);
    expect(words[1]?.startMs).toBeGreaterThan(2900);
    expect(words[1]?.startMs).toBeLessThan(3200);
  }, 60_000);

  it('works in as many processes as the pool has, and lets further jobs wait', async () => {
    const engine = await engineWith({ poolSize: 2 });
    await engine.ready(NEVER);
    expect(await children()).toHaveLength(2);
    const samples = Int16Array.from(tone(200, 1));
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map(() => engine.transcribe({ samples }, OPTIONS, NEVER)),
    );
    expect(results.map((result) => result.text)).toEqual(['low', 'low', 'low', 'low', 'low']);
    expect(await children()).toHaveLength(2);
    await engine.close();
    expect(await children()).toHaveLength(0);
  }, 60_000);

  it('lets a waiting job be aborted without disturbing the one at work', async () => {
    const engine = await engineWith();
    await engine.ready(NEVER);
    const samples = Int16Array.from(tone(200, 20));
    const first = engine.transcribe({ samples }, OPTIONS, NEVER);
    const controller = new AbortController();
    const second = faultOf(engine.transcribe({ samples }, OPTIONS, controller.signal));
    controller.abort();
    expect(await second).toEqual({ kind: 'aborted' });
    expect((await first).text).toBe('low');
    await engine.close();
  }, 60_000);

  it('kills a process that takes too long', async () => {
    const engine = await engineWith({ loadAllowance: 1e-9 });
    await engine.ready(NEVER);
    const samples = Int16Array.from(tone(200, 25));
    expect(await faultOf(engine.transcribe({ samples }, OPTIONS, NEVER))).toMatchObject({
      kind: 'transient',
    });
    expect(await children()).toHaveLength(0);
    await engine.close();
  }, 60_000);
});

describe('a wrong set-up of the local neural engine is told', () => {
  it('when there is no description of the model, or a broken one', async () => {
    expect(() => createSherpaEngine({ modelDir: folder.path })).toThrow(/earshot models/);
    const modelDir = await model();
    await writeFile(join(modelDir, MANIFEST_FILE), '{"v": 1, "family": "whisper"}');
    expect(() => createSherpaEngine({ modelDir })).toThrow(/not a valid model description/);
    const outside = await model({ family: 'nemo_ctc', files: { model: '../x', tokens: 'tokens.txt' } });
    expect(() => createSherpaEngine({ modelDir: outside })).toThrow(EngineError);
  });

  it('when the library is missing', async () => {
    const engine = await engineWith({ library: 'no-such-library' });
    expect(await faultOf(engine.ready(NEVER))).toMatchObject({
      kind: 'misconfigured',
      cause: expect.stringContaining('sherpa-onnx-node is not installed'),
    });
    await engine.close();
  }, 60_000);

  it('when a file is missing, is another one, or is no model', async () => {
    const missing = createSherpaEngine({
      modelDir: await model({ family: 'nemo_ctc', files: { model: 'gone.onnx', tokens: 'tokens.txt' } }),
    });
    expect(await faultOf(missing.ready(NEVER))).toMatchObject({ kind: 'misconfigured' });
    const other = createSherpaEngine({ modelDir: await model({ sha256: { 'model.onnx': '0'.repeat(64) } }) });
    expect(await faultOf(other.ready(NEVER))).toMatchObject({ kind: 'misconfigured' });
    const modelDir = await model();
    await writeFile(join(modelDir, 'model.onnx'), 'not a model');
    const broken = createSherpaEngine({ modelDir });
    expect(await faultOf(broken.ready(NEVER))).toMatchObject({ kind: 'misconfigured' });
    await Promise.all([missing.close(), other.close(), broken.close()]);
  }, 60_000);

  it('when the tokens belong to another model, which ends the process', async () => {
    const modelDir = await model();
    await writeFile(join(modelDir, 'tokens.txt'), 'nonsense\n');
    const engine = createSherpaEngine({ modelDir });
    expect(await faultOf(engine.ready(NEVER))).toMatchObject({ kind: 'misconfigured' });
    expect(await children()).toHaveLength(0);
    await engine.close();
  }, 60_000);
});

describe('the guide to models', () => {
  it('describes each model so that its folder is accepted', () => {
    const guide = renderModelGuide();
    for (const entry of modelGuide()) {
      expect(ModelManifest.parse(entry.manifest)).toEqual(entry.manifest);
      expect(guide).toContain(entry.archive);
      expect(guide).toContain(JSON.stringify(entry.manifest));
    }
    expect(modelGuide().length).toBeGreaterThan(1);
  });
});
