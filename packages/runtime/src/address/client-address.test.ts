import { describe, expect, it } from '@jest/globals';
import { createBlockTest } from './block-test.ts';
import { addressSubject, createClientAddress } from './client-address.ts';

const message = (peer: string | undefined, forwarded?: string | string[]) => ({
  socket: { remoteAddress: peer },
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
});

describe('the client address', () => {
  it('is the peer when no proxy is trusted, whatever the header says', () => {
    const read = createClientAddress(createBlockTest([]));
    expect(read(message('198.51.100.7'))).toBe('198.51.100.7');
    expect(read(message('198.51.100.7', '8.8.8.8'))).toBe('198.51.100.7');
    expect(read(message('::ffff:198.51.100.7', '8.8.8.8'))).toBe('198.51.100.7');
  });

  it.each([
    ['10.0.0.1', '203.0.113.5', '203.0.113.5'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.5', '203.0.113.5'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.5, 10.0.0.2', '203.0.113.5'],
    ['10.0.0.1', ['1.1.1.1', '203.0.113.5'], '203.0.113.5'],
    ['::ffff:10.0.0.1', ' 203.0.113.5 ', '203.0.113.5'],
    ['10.0.0.1', '10.9.9.9, 10.0.0.2', '10.9.9.9'],
    ['10.0.0.1', 'rubbish', 'unknown'],
    ['10.0.0.1', ',,', '10.0.0.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['198.51.100.7', '203.0.113.5', '198.51.100.7'],
  ])('behind proxies of 10/8: peer %p with %p is %p', (peer, forwarded, expected) => {
    const read = createClientAddress(createBlockTest(['10.0.0.0/8']));
    expect(read(message(peer, forwarded))).toBe(expected);
  });

  it('counts a whole IPv6 /64 as one', () => {
    expect(addressSubject('2001:db8:1:2:aaaa::1')).toBe(addressSubject('2001:db8:1:2:bbbb::9'));
    expect(addressSubject('2001:db8:1:2::1')).not.toBe(addressSubject('2001:db8:1:3::1'));
  });

  it('is unknown when the socket is gone', () => {
    expect(createClientAddress(createBlockTest([]))(message(undefined))).toBe('unknown');
  });
});

describe('a block test', () => {
  it('takes blocks and single addresses of both families', () => {
    const test = createBlockTest(['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '2001:db8::1']);
    for (const inside of ['10.255.255.255', '::ffff:10.1.1.1', '192.0.2.1', 'fdff::1', '2001:db8::1']) {
      expect([inside, test(inside)]).toEqual([inside, true]);
    }
    for (const outside of ['11.0.0.0', '192.0.2.2', 'fc00::1', '2001:db8::2', 'rubbish']) {
      expect([outside, test(outside)]).toEqual([outside, false]);
    }
  });

  it('refuses a configuration it cannot read', () => {
    for (const block of ['10.0.0.0/33', 'rubbish', '10.0.0.0/'])
      expect(() => createBlockTest([block])).toThrow();
  });
});
