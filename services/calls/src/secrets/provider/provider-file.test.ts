import { describe, expect, it } from '@jest/globals';
import { ProviderFile } from './provider-file.ts';

const entry = { name: 'main', origin: 'https://api.example', apiKey: 'operator-key', models: ['m'] };
const accepts = (...entries: object[]): boolean => ProviderFile.safeParse(entries).success;

describe('the list of providers', () => {
  it('fills in what is left out', () => {
    expect(ProviderFile.parse([entry])).toEqual([
      {
        ...entry,
        path: '/v1/realtime/client_secrets',
        voices: [],
        default: false,
        allowPrivate: false,
        shape: 'client_secrets',
      },
    ]);
    expect(ProviderFile.parse([{ ...entry, shape: 'sessions' }])[0]?.path).toBe('/v1/realtime/sessions');
    expect(ProviderFile.parse([])).toEqual([]);
  });

  it.each([
    'https://api.example/',
    'https://api.example/path',
    'https://api.example:443',
    'https://API.example',
    'https://user@api.example',
    'https://api.example?x',
    'https://localhost',
    'https://api.example.',
    'https://127.0.0.1',
    'https://169.254.169.254',
    'https://[::1]',
    'https://2130706433',
    'http://api.example',
    'ftp://api.example',
    'file:///etc',
    'null',
    'api.example',
    '',
  ])('has no origin %p', (origin) => {
    expect(accepts({ ...entry, origin })).toBe(false);
  });

  it.each(['https://api.example:8443', 'https://xn--bcher-kva.example', 'https://8.8.8.8'])(
    'may have the origin %s',
    (origin) => {
      expect(accepts({ ...entry, origin })).toBe(true);
    },
  );

  it.each(['http://127.0.0.1:9000', 'http://localhost:9000', 'https://10.0.0.1'])(
    'has %s only where private places are allowed',
    (origin) => {
      expect([accepts({ ...entry, origin }), accepts({ ...entry, origin, allowPrivate: true })]).toEqual([
        false,
        true,
      ]);
    },
  );

  it.each(['', 'v1', '/a/../b', '/a?b', '/a#b', '/a b', '/a\\b', '@evil.example', '.evil.example'])(
    'has no path %p',
    (path) => {
      expect(accepts({ ...entry, path })).toBe(false);
    },
  );

  it.each(['short', 'with space in it', 'line\nbreak-in-it', 'k\u00e9y-of-the-operator', 'x'.repeat(4097)])(
    'has no key that cannot stand in a header: %#',
    (apiKey) => {
      expect(accepts({ ...entry, apiKey })).toBe(false);
    },
  );

  it('knows its fields, and wants models', () => {
    expect(accepts({ ...entry, url: 'https://api.example' })).toBe(false);
    expect(accepts({ ...entry, models: [] })).toBe(false);
    expect(accepts({ ...entry, name: 'Main' })).toBe(false);
  });

  it('tells providers apart, and has one default among several', () => {
    const other = { ...entry, name: 'other', origin: 'https://other.example' };
    const main = { ...entry, default: true };
    expect(accepts(main, other)).toBe(true);
    expect(accepts(entry, other)).toBe(false);
    expect(accepts(main, { ...other, default: true })).toBe(false);
    expect(accepts(main, { ...other, name: 'main' })).toBe(false);
    expect(accepts(main, { ...other, origin: entry.origin })).toBe(false);
    expect(accepts(main, { ...other, origin: entry.origin, path: '/other' })).toBe(true);
  });
});
