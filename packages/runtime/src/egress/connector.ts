import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { EgressRules, ResolvedAddress } from './policy.ts';

const CONNECT_TIMEOUT_MS = 5000;

const forbidden = (): Error => new Error('the name resolves to a forbidden address');

/** Refuses an answer set with one forbidden address; what is dialled is what was checked. */
async function checkedAddresses(
  rules: EgressRules,
  hostname: string,
): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
  const [first, ...others] = await rules.resolve(hostname);
  if (first === undefined || ![first, ...others].every(({ address }) => rules.allowsAddress(address)))
    throw forbidden();
  return [first, ...others];
}

function guardedLookup(rules: EgressRules): LookupFunction {
  return (hostname, options, callback) => {
    checkedAddresses(rules, hostname).then(
      (addresses) => {
        const [{ address, family }] = addresses;
        if (options.all !== true) callback(null, address, family);
        else
          callback(
            null,
            addresses.map(({ address, family }) => ({ address, family })),
          );
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error('resolver failed'), '', 0),
    );
  };
}

/**
 * Opens connections to checked addresses only: names are resolved once, every answer is judged, and before a byte of a
 * request is written the address at the other end is judged again. Certificates are always verified, for TLS 1.2 and up.
 */
export function guardedConnector(rules: EgressRules): buildConnector.connector {
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    // A session taken up again would skip the certificate.
    maxCachedSessions: 0,
    lookup: guardedLookup(rules),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(rules.secureContext === undefined ? {} : { secureContext: rules.secureContext }),
  });
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error !== null) {
        callback(error, null);
      } else if (rules.allowsAddress(socket.remoteAddress ?? '')) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(forbidden(), null);
      }
    });
}
