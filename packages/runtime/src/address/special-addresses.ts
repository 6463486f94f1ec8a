import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Address blocks of the IANA special-purpose registries (IPv4 and IPv6), with multicast, reserved and deprecated
 * blocks. All are refused, the few globally reachable ones too: no web service answers there.
 */
export const SPECIAL_BLOCKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b:1::/48',
  '100::/64',
  '100:0:0:1::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/** All global unicast IPv6 lies in here (RFC 4291, section 2.4); what is outside has no public host. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
/** NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is really reached. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');
const BLOCKS = SPECIAL_BLOCKS.map((block) => ipaddr.parseCIDR(block));

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function inBlock(address: Address, [base, bits]: [Address, number]): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

function isPublic(address: Address): boolean {
  if (BLOCKS.some((block) => inBlock(address, block))) return false;
  if (address.kind() === 'ipv4') return true;
  if (!inBlock(address, NAT64)) return inBlock(address, GLOBAL_UNICAST);
  return isPublic(ipaddr.fromByteArray(address.toByteArray().slice(12)));
}

/** True for addresses of the public internet; false for all special ones, for mapped IPv4, and for text that is none. */
export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && isPublic(ipaddr.parse(address));
}
