import { describe, expect, it } from '@jest/globals';
import { readStandaloneConfig } from './config.ts';

describe('readStandaloneConfig', () => {
  it('keeps everything in the default folder when nothing is set', () => {
    const config = readStandaloneConfig({}, '/srv/earshot');
    expect(config).toMatchObject({
      dataFolder: '/srv/earshot',
      objectStore: 'file:/srv/earshot/objects',
      redisUrl: undefined,
      bootstrapKey: undefined,
    });
    expect(config.ingest).toMatchObject({ EARSHOT_PORT: 8080, EARSHOT_SPOOL_DIR: '/srv/earshot/spool' });
    expect(config.worker.EARSHOT_OBJECT_STORE).toBe(config.objectStore);
  });

  it('takes the place of everything from the environment', () => {
    const env = {
      EARSHOT_DATA_DIR: '/data',
      EARSHOT_OBJECT_STORE: 's3://audio?endpoint=http://127.0.0.1:9000',
      REDIS_URL: 'redis://127.0.0.1:6390',
      EARSHOT_PORT: '9999',
      EARSHOT_BOOTSTRAP_KEY: 'sk_test_0123456789abcdef',
    };
    const config = readStandaloneConfig(env, '/srv/earshot');
    expect(config).toMatchObject({
      dataFolder: '/data',
      objectStore: env.EARSHOT_OBJECT_STORE,
      redisUrl: env.REDIS_URL,
      bootstrapKey: env.EARSHOT_BOOTSTRAP_KEY,
    });
    expect(config.ingest.EARSHOT_OBJECT_STORE).toBe(env.EARSHOT_OBJECT_STORE);
    expect(config.ingest.EARSHOT_PORT).toBe(9999);
  });

  it('takes an empty variable for an absent one', () => {
    const config = readStandaloneConfig({ REDIS_URL: '', EARSHOT_DATA_DIR: '' }, '/srv/earshot');
    expect(config).toMatchObject({ redisUrl: undefined, dataFolder: '/srv/earshot' });
  });

  it('names a setting that is wrong', () => {
    expect(() => readStandaloneConfig({ EARSHOT_PORT: 'many' }, '/srv')).toThrow(/EARSHOT_PORT/);
    expect(() => readStandaloneConfig({ EARSHOT_ENGINE_PRO: 'magic' }, '/srv')).toThrow(/EARSHOT_ENGINE_PRO/);
  });
});
