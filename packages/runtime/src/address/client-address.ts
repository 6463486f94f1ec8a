import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The name under which one client address is counted: IPv4 as it is, IPv6 by its /64, since one host owns a whole /64.
 * Text that is no address is counted together as `unknown`.
 */
export function addressSubject(address: string | undefined): string {
  if (address === undefined || isIP(address) === 0) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const half = parsed.toByteArray().slice(0, 8);
  return `${ipaddr.fromByteArray([...half, 0, 0, 0, 0, 0, 0, 0, 0]).toString()}/64`;
}

/** What tells where a request comes from; Node's IncomingMessage fits, of plain requests and of socket upgrades. */
export interface AddressedMessage {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The subject under which the sender of a message is counted. */
export type ClientAddress = (message: AddressedMessage) => string;

/**
 * Creates the reader of client addresses: the right-most address of the forwarding chain that is no trusted proxy.
 * Without trusted proxies it is the peer itself, whatever X-Forwarded-For says.
 */
export function createClientAddress(isTrusted: (address: string) => boolean): ClientAddress {
  return ({ socket, headers }) => {
    const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const hops = [
      ...forwarded.map((hop) => hop.trim()).filter((hop) => hop !== ''),
      socket.remoteAddress ?? '',
    ];
    const nearest = hops.findLast((hop) => !isTrusted(hop));
    return addressSubject(nearest ?? hops[0]);
  };
}
