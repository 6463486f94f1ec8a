import { describe, expect, it } from '@jest/globals';
import { unreachableAt } from './api-error.ts';

describe('a server that cannot be reached', () => {
  it.each([
    ['http://user:secret@127.0.0.1:8080/a/str_secret?token=secret', 'The server at http://127.0.0.1:8080'],
    ['https://earshot.example/voice/v1/sessions', 'The server at https://earshot.example'],
    ['/voice/v1/sessions', 'The server'],
  ])('is named without what secrets its URL may hold: %s', (url, named) => {
    const failure = unreachableAt(url, 'the cause');
    expect(failure.message).toBe(`${named} could not be reached.`);
    expect(failure.cause).toBe('the cause');
  });
});
