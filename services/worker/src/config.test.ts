import { describe, expect, it } from '@jest/globals';
import { readWorkerConfig } from './config.ts';

describe('the settings of the worker', () => {
  it('have defaults for everything', () => {
    const config = readWorkerConfig({});
    expect(config.EARSHOT_ENGINE_LITE).toEqual({ kind: 'pocketsphinx' });
    expect(config.EARSHOT_METRICS_PORT).toBeUndefined();
    expect(config.EARSHOT_RECONCILE_SECONDS).toBe(15);
  });

  it('name engines in one word', () => {
    const config = readWorkerConfig({
      EARSHOT_ENGINE_LITE: 'sherpa:/models/zipformer',
      EARSHOT_ENGINE_PRO: 'openai:https://speech.example/v1/#org/whisper-large',
    });
    expect(config.EARSHOT_ENGINE_LITE).toEqual({ kind: 'sherpa', modelDir: '/models/zipformer' });
    expect(config.EARSHOT_ENGINE_PRO).toEqual({
      kind: 'openai',
      baseUrl: 'https://speech.example/v1',
      model: 'org/whisper-large',
    });
  });

  it.each([
    'whisper',
    'sherpa:',
    'openai:speech.example#x',
    'openai:https://speech.example/v1',
    'openai:ftp://speech.example/v1#x',
    'openai:https://user:secret@speech.example/v1#x',
  ])('refuse the engine %s with the forms that are known', (engine) => {
    expect(() => readWorkerConfig({ EARSHOT_ENGINE_PRO: engine })).toThrow(
      /EARSHOT_ENGINE_PRO: an engine is pocketsphinx, sherpa:/,
    );
  });

  it('refuse an engine that carries a secret without repeating it', () => {
    let message = '';
    try {
      readWorkerConfig({ EARSHOT_ENGINE_PRO: 'openai:https://user:hunter22@speech.example/v1#x' });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('EARSHOT_ENGINE_PRO');
    expect(message).not.toContain('hunter22');
  });

  it('count empty variables as absent and name each problem', () => {
    expect(readWorkerConfig({ EARSHOT_CONCURRENCY: '' }).EARSHOT_CONCURRENCY).toBeUndefined();
    expect(() => readWorkerConfig({ EARSHOT_CONCURRENCY: '0', LOG_LEVEL: 'loud' })).toThrow(
      /EARSHOT_CONCURRENCY: .*LOG_LEVEL: /,
    );
  });
});
