import { isIP } from 'node:net';
import { EarshotError, LIMITS } from '@earshot/protocol';
import type { EgressRules } from './policy.ts';
import { readUrl } from './url-text.ts';

/** Spaces, control characters and backslashes, which a URL parser would drop or turn into something else. */
const UNSAFE = /[\s\p{Cc}\\]/u;
/** Scheme, then the authority up to the path. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** The same words for every reason, so that an answer tells nothing about our network. */
const refused = ({ refusal }: EgressRules): EarshotError =>
  new EarshotError('invalid_request', { message: refusal });

/** The host as sockets want it: no brackets around IPv6. */
function socketHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function isSafeText(text: string): boolean {
  if (text.length > LIMITS.maxUrlLength || UNSAFE.test(text)) return false;
  const authority = AUTHORITY.exec(text)?.[1];
  return !!authority && !authority.includes('@') && !authority.endsWith(':');
}

function isAllowedHost(host: string, rules: EgressRules): boolean {
  if (isIP(host) !== 0) return rules.allowsAddress(host);
  return !host.endsWith('.') && (rules.allowPrivate || host.includes('.'));
}

/**
 * Parses a URL once, by the WHATWG rules, and judges what can be judged without a name server: scheme, port, user info,
 * literal addresses in any spelling. Throws `invalid_request`. Use the returned object, never the text again.
 */
export function parseTarget(text: string, rules: EgressRules): URL {
  const url = isSafeText(text) ? readUrl(text) : undefined;
  if (url === undefined) throw refused(rules);
  const schemeAllowed = url.protocol === 'https:' || (rules.allowPrivate && url.protocol === 'http:');
  if (!schemeAllowed || !rules.allowsPort(portOf(url)) || portOf(url) === 0) throw refused(rules);
  if (!isAllowedHost(socketHost(url), rules) || !rules.allowsOrigin(url.origin)) throw refused(rules);
  return url;
}

/** Also resolves the name: every answer must be allowed. Throws `invalid_request`, for an unknown name too. */
export async function checkTarget(text: string, rules: EgressRules): Promise<URL> {
  const url = parseTarget(text, rules);
  const host = socketHost(url);
  if (isIP(host) !== 0) return url;
  const answers = await rules.resolve(host).catch(() => []);
  if (answers.length === 0 || !answers.every(({ address }) => rules.allowsAddress(address)))
    throw refused(rules);
  return url;
}
