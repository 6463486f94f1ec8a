import { describe, expect, it } from '@jest/globals';
import { type EgressPolicy, egressRules } from './policy.ts';
import { checkTarget, parseTarget } from './target-url.ts';

const strict: EgressPolicy = { allowPrivate: false };
const refused = expect.objectContaining({
  code: 'invalid_request',
  message: expect.stringMatching(/^The URL is not allowed: /),
});
const parse = (url: string, policy = strict) => parseTarget(url, egressRules(policy));
const resolver =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

describe('a target URL', () => {
  it.each([
    ['https://hooks.example/path?q=1#f', 'hooks.example'],
    ['https://HOOKS.Example:8443/', 'hooks.example'],
    ['https://hooks.example:443', 'hooks.example'],
    ['https://8.8.8.8/', '8.8.8.8'],
    ['https://[2606:4700::1111]/', '[2606:4700::1111]'],
    ['https://b\u00fccher.example/', 'xn--bcher-kva.example'],
    ['https://api.provider.example.evil.example/', 'api.provider.example.evil.example'],
    ['https://evil.example#@api.provider.example', 'evil.example'],
  ])('%s is allowed and means the host %s', (url, host) => {
    expect(parse(url).hostname).toBe(host);
  });

  it('is judged alike however often it is asked about', () => {
    const asked = Array.from({ length: 20_000 }, () => parse('https://b\u00fccher.example/').hostname);
    expect(new Set(asked)).toEqual(new Set(['xn--bcher-kva.example']));
  });

  it.each([
    'http://hooks.example/',
    'ftp://hooks.example/',
    'file:///etc/passwd',
    'gopher://hooks.example/',
    'data:text/plain,a',
    'javascript:alert(1)',
    'ws://hooks.example/',
    'wss://hooks.example/',
    'unix:/tmp/socket',
    'blob:https://hooks.example/1',
  ])('is refused by its scheme: %s', (url) => {
    expect(() => parse(url)).toThrow(refused);
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '0',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.1',
    '127.0.0.1.',
    '\u2460\u2461\u2466.0.0.1',
    '\uff11\uff12\uff17.0.0.1',
    'localhost',
    'localhost.',
    'LOCALHOST',
    'intranet',
    'hooks.example.',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fe80::1%25eth0]',
    '[fd00::1]',
    '[fec0::1]',
    '[fd00:ec2::254]',
    '169.254.169.254',
    '100.100.100.200',
    '192.0.0.192',
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.0',
    '172.31.255.255',
    '192.168.0.0',
    '192.168.255.255',
    '198.18.0.0',
    '255.255.255.255',
  ])('is refused by its host: %s', (host) => {
    expect(() => parse(`https://${host}/`)).toThrow(refused);
  });

  it.each([
    'https://api.provider.example@evil.example/',
    'https://user:pass@hooks.example/',
    'https://@hooks.example/',
    'https://hooks.example\\@api.provider.example/',
    'https://hooks.example\\',
    'https://ho\toks.example/',
    'https://hooks.example/\n',
    ' https://hooks.example/',
    'https://hooks.example/ ',
    'https://hooks.example/a\r\nX: y',
    'https://hooks.example/\u0000',
    'https:hooks.example',
    'https:///hooks.example',
    '//hooks.example/',
    'hooks.example',
    '',
    'https://',
    'https://%00/',
  ])('is refused by its writing: %p', (url) => {
    expect(() => parse(url)).toThrow(refused);
  });

  it.each(['0', '22', '25', '80', '6379', '65536', '443 ', ''])('is refused by its port: %p', (port) => {
    expect(() => parse(`https://hooks.example:${port}/`)).toThrow(refused);
  });

  it('is refused by its length, from the first character too many', () => {
    const fits = `https://hooks.example/${'a'.repeat(2048 - 22)}`;
    expect(parse(fits).pathname).toHaveLength(2027);
    expect(() => parse(`${fits}a`)).toThrow(refused);
    expect(() => parse(`https://hooks.example/${'a'.repeat(300_000)}`)).toThrow(refused);
  });

  it('may use further ports and networks that the operator lists', () => {
    const policy = { allowPrivate: false, ports: [9443], allowNetworks: ['10.1.0.0/16'] };
    expect(parse('https://10.1.2.3:9443/', policy).port).toBe('9443');
    expect(() => parse('https://10.2.0.1:9443/', policy)).toThrow(refused);
    expect(() => parse('https://10.1.2.3:9444/', policy)).toThrow(refused);
  });

  it('is of a listed origin only, where origins are listed', () => {
    const policy = { allowPrivate: false, origins: ['https://hooks.example'] };
    expect(parse('https://HOOKS.example:443/a', policy).pathname).toBe('/a');
    for (const url of [
      'https://other.example/',
      'https://hooks.example:8443/',
      'https://hooks.example.evil.example/',
      'https://hooks.example@evil.example/',
    ]) {
      expect(() => parse(url, policy)).toThrow(refused);
    }
    expect(() => parse('http://hooks.example/', { ...policy, allowPrivate: true })).toThrow(refused);
  });

  it('is told the rule that it broke, and the setting that would let it in, in one text for all', () => {
    const told = (url: string, policy: EgressPolicy): string => {
      try {
        return parse(url, policy).href;
      } catch (error) {
        return (error as Error).message;
      }
    };
    const hint = 'EARSHOT_SETTING=true allows more.';
    const texts = [
      'http://hooks.example/',
      'https://127.0.0.1/',
      'https://hooks.example:22/',
      'nonsense',
    ].map((url) => told(url, { allowPrivate: false, ports: [9443], hint }));
    expect(new Set(texts)).toEqual(
      new Set([
        'The URL is not allowed: it has to be https on port 443 or 8443 or 9443, without user and password, and its host has to be known and have public addresses only. EARSHOT_SETTING=true allows more.',
      ]),
    );
    expect(told('ftp://localhost/', { allowPrivate: true, hint })).toBe(
      'The URL is not allowed: it has to be http or https, without user and password.',
    );
  });

  it('may be plain and private in development', () => {
    const policy = { allowPrivate: true };
    for (const url of ['http://localhost:3000/hook', 'http://127.0.0.1/', 'https://intranet/']) {
      expect(parse(url, policy).href).toContain(new URL(url).host);
    }
    expect(() => parse('file:///etc/passwd', policy)).toThrow(refused);
    expect(() => parse('http://user@localhost/', policy)).toThrow(refused);
  });
});

describe('a target name', () => {
  const check = (policy: EgressPolicy, url = 'https://hooks.example/') =>
    checkTarget(url, egressRules(policy));

  it('is allowed when every answer is public', async () => {
    const policy = { ...strict, resolver: resolver('8.8.8.8', '2606:4700::1111') };
    expect((await check(policy)).hostname).toBe('hooks.example');
  });

  it.each([
    ['one private answer among public ones', resolver('8.8.8.8', '10.0.0.1')],
    ['a loopback answer', resolver('127.0.0.1')],
    ['a mapped answer', resolver('::ffff:127.0.0.1')],
    ['a link-local answer with a zone', resolver('fe80::1%eth0')],
    ['an answer that is no address', resolver('localhost')],
    ['no answer', resolver()],
    ['no such name', () => Promise.reject(new Error('ENOTFOUND'))],
  ])('is refused with %s, in the same words', async (_name, answer) => {
    await expect(check({ ...strict, resolver: answer })).rejects.toThrow(refused);
  });

  it('is not looked up when the host is an address', async () => {
    const policy = { ...strict, resolver: () => Promise.reject(new Error('asked')) };
    expect((await check(policy, 'https://8.8.8.8/')).hostname).toBe('8.8.8.8');
  });
});
