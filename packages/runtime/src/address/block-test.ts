import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Reads `10.1.0.0/16`, or one address as a block of its own. */
function parseBlock(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/**
 * Builds a test of addresses from configured blocks; throws for a block that cannot be read. IPv4 mapped into IPv6, as
 * dual-stack sockets report it, counts as IPv4. Text that is no address is in no block.
 */
export function createBlockTest(blocks: readonly string[]): (address: string) => boolean {
  const parsed = blocks.map(parseBlock);
  return (address) => {
    if (isIP(address) === 0) return false;
    const candidate = ipaddr.process(address);
    return parsed.some(([base, bits]) => candidate.kind() === base.kind() && candidate.match(base, bits));
  };
}
