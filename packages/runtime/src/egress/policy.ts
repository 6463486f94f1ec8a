import { lookup } from 'node:dns/promises';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { createBlockTest } from '../address/block-test.ts';
import { isPublicAddress } from '../address/special-addresses.ts';

/** One answer of a name server. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Turns a host name into all of its addresses; rejects when there is none. */
export type Resolver = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** Where requests to URLs that a tenant gave may go. */
export interface EgressPolicy {
  /** Development only: plain http, any port, any address. */
  readonly allowPrivate: boolean;
  /** Only these origins (`https://api.example`), if given; other URLs are refused before a name is looked up. */
  readonly origins?: readonly string[];
  /** Ports beside 443 and 8443. */
  readonly ports?: readonly number[];
  /** Blocks (`10.1.0.0/16`) that may be reached although they are not public. */
  readonly allowNetworks?: readonly string[];
  /** The system's resolver when absent. */
  readonly resolver?: Resolver;
  /** PEM certificates trusted beside the system's. */
  readonly ca?: string;
  /** A sentence for whoever is refused: which setting allows more. Said only while it would help. */
  readonly hint?: string;
}

const DEFAULT_PORTS = [443, 8443];

/** A policy with its lists made into tests. */
export interface EgressRules {
  readonly allowPrivate: boolean;
  /** What every refused URL is told: the whole rule, so that it does not show which part of it was broken. */
  readonly refusal: string;
  /** Whom to trust; undefined means the system's authorities. Built once, as it is costly. */
  readonly secureContext: SecureContext | undefined;
  readonly resolve: Resolver;
  readonly allowsOrigin: (origin: string) => boolean;
  readonly allowsPort: (port: number) => boolean;
  readonly allowsAddress: (address: string) => boolean;
}

function wanted(policy: EgressPolicy, ports: readonly number[]): string {
  if (policy.origins !== undefined) return 'only URLs of the configured origins are.';
  if (policy.allowPrivate) return 'it has to be http or https, without user and password.';
  const rule = `it has to be https on port ${ports.join(' or ')}, without user and password, and its host has to be known and have public addresses only.`;
  return policy.hint === undefined ? rule : `${rule} ${policy.hint}`;
}

/** Prepares a policy; throws for a block that cannot be read. */
export function egressRules(policy: EgressPolicy): EgressRules {
  const ports = new Set([...DEFAULT_PORTS, ...(policy.ports ?? [])]);
  const origins = policy.origins === undefined ? undefined : new Set(policy.origins);
  const isAllowedBlock = createBlockTest(policy.allowNetworks ?? []);
  return {
    allowPrivate: policy.allowPrivate,
    refusal: `The URL is not allowed: ${wanted(policy, [...ports])}`,
    secureContext:
      policy.ca === undefined
        ? undefined
        : createSecureContext({ ca: [...rootCertificates, policy.ca], minVersion: 'TLSv1.2' }),
    resolve: policy.resolver ?? ((hostname) => lookup(hostname, { all: true })),
    allowsOrigin: (origin) => origins === undefined || origins.has(origin),
    allowsPort: (port) => policy.allowPrivate || ports.has(port),
    allowsAddress: (address) => policy.allowPrivate || isPublicAddress(address) || isAllowedBlock(address),
  };
}
