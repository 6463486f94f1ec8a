import { EngineError } from '@earshot/transcription';
import { describe, expect, it } from '@jest/globals';
import { readWorkerConfig } from '../config.ts';
import { openEngines, usualConcurrency } from './engines.ts';

const open = (env: Record<string, string>) => openEngines(readWorkerConfig(env));

describe('the engines of a worker', () => {
  it('are shared by models with equal settings', () => {
    const { byModel } = open({});
    expect(byModel.lite).toBe(byModel.pro);
    expect(byModel.lite.identity.engine).toBe('pocketsphinx');
  });

  it('are apart where settings differ, and each names its model', () => {
    const { byModel } = open({ EARSHOT_ENGINE_PRO: 'openai:http://127.0.0.1:9/v1#whisper-1' });
    expect(byModel.lite.identity.engine).toBe('pocketsphinx');
    expect(byModel.pro.identity).toMatchObject({ engine: 'openai', model: 'whisper-1' });
  });

  it('are refused when a model folder is not there', () => {
    expect(() => open({ EARSHOT_ENGINE_LITE: 'sherpa:/nowhere' })).toThrow(EngineError);
  });

  it('get a segment for each processor, and more when all of them are servers elsewhere', () => {
    const remote = 'openai:http://127.0.0.1:9/v1#whisper-1';
    const mixed = readWorkerConfig({ EARSHOT_ENGINE_PRO: remote });
    expect(usualConcurrency(mixed, 2)).toBe(2);
    const elsewhere = { ...mixed, EARSHOT_ENGINE_LITE: mixed.EARSHOT_ENGINE_PRO };
    expect([2, 16].map((processors) => usualConcurrency(elsewhere, processors))).toEqual([4, 16]);
  });

  it('close all together', async () => {
    const engines = open({ EARSHOT_ENGINE_PRO: 'openai:http://127.0.0.1:9/v1#whisper-1' });
    await expect(engines.close()).resolves.toBeUndefined();
  });
});
