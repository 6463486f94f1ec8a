import { describe, expect, it } from '@jest/globals';
import ipaddr from 'ipaddr.js';
import { isPublicAddress, SPECIAL_BLOCKS } from './special-addresses.ts';

/** First and last address of a block. */
function ends(block: string): [string, string] {
  const [base, bits] = ipaddr.parseCIDR(block);
  const bytes = base.toByteArray();
  const last = bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
  return [ipaddr.fromByteArray(bytes).toString(), ipaddr.fromByteArray(last).toString()];
}

/** The address one above or below, or undefined beyond the end of the space. */
function neighbour(address: string, step: 1 | -1): string | undefined {
  const bytes = ipaddr.parse(address).toByteArray();
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) + BigInt(step);
  if (value < 0n || value >> BigInt(8 * bytes.length) > 0n) return undefined;
  const moved = bytes.map((_, i) => Number((value >> BigInt(8 * (bytes.length - 1 - i))) & 255n));
  return ipaddr.fromByteArray(moved).toString();
}

describe('special addresses', () => {
  it.each([...SPECIAL_BLOCKS])('are refused from the first to the last of %s', (block) => {
    for (const address of ends(block)) expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });

  it.each([
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '203.0.113.0/24',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
  ])('end at the ends of %s', (block) => {
    const [first, last] = ends(block);
    const outside = [neighbour(first, -1), neighbour(last, 1)].filter((address) => address !== undefined);
    expect(outside.map((address) => [address, isPublicAddress(address)])).toEqual(
      outside.map((address) => [address, true]),
    );
  });

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '192.0.2.1',
    '192.31.196.1',
    '192.52.193.1',
    '192.88.99.1',
    '192.175.48.1',
    '198.18.0.0',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '100:0:0:1::1',
    '2620:4f:8000::1',
    '100.100.100.200',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:808:808::',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fc00::1',
    'fd00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '11.0.0.0',
    '126.255.255.255',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '64:ff9b::808:808',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(['', 'localhost', '1.2.3', '256.1.1.1', '1.1.1.1 ', '[::1]'])(
    '%p is no address of a socket',
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );
});
