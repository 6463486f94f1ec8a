import { describe, expect, it } from '@jest/globals';
import { callsUrl } from './setting.ts';

describe('callsUrl', () => {
  it.each([
    [{}, 'http://127.0.0.1:8081'],
    [{ EARSHOT_PORT: '9000' }, 'http://127.0.0.1:9001'],
    [{ EARSHOT_PORT: '9000', EARSHOT_CALLS_PORT: '7000' }, 'http://127.0.0.1:7000'],
    [{ EARSHOT_CALLS_URL: 'https://calls.example', EARSHOT_CALLS_PORT: '7000' }, 'https://calls.example'],
    [{ EARSHOT_CALLS_URL: '', EARSHOT_CALLS_PORT: '', EARSHOT_PORT: '' }, 'http://127.0.0.1:8081'],
  ])('of %j is %s', (env, url) => {
    expect(callsUrl(env)).toBe(url);
  });
});
