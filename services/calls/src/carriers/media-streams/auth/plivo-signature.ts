import type { IncomingHttpHeaders } from 'node:http';
import { signedForms } from '../../twilio/signature.ts';
import { hmacSha256, sameSecret } from './secret-compare.ts';

/** A request of a platform that signs with a nonce. */
export interface NoncedRequest {
  readonly headers: IncomingHttpHeaders;
  /** As the sender knows it: public origin, path and query. */
  readonly url: string;
}

/** Signatures in one header, as platforms send several while a token is being changed. */
const MOST_SIGNATURES = 8;

/**
 * Plivo V3 ("Validating requests"): base64 of HMAC-SHA256 over the URL, its parameters in order of their names, a dot and
 * the nonce. The header may hold several, parted by commas.
 */
export function verifyPlivoSignature(request: NoncedRequest, authToken: string): boolean {
  const nonce = single(request.headers['x-plivo-signature-v3-nonce']);
  const given = single(request.headers['x-plivo-signature-v3']);
  if (nonce === undefined || given === undefined) return false;
  const expected = urlForms(request.url).map((url) =>
    hmacSha256(authToken, `${withSortedQuery(url)}.${nonce}`),
  );
  return anySame(given, expected);
}

/**
 * Vobiz: base64 of HMAC-SHA256 over the URL without its query, then for V3 a dot, then the nonce. `MA` headers are
 * signed with the parent account's token.
 */
export function verifyVobizSignature(
  request: NoncedRequest,
  tokens: { readonly authToken: string; readonly parentAuthToken?: string | undefined },
): boolean {
  let isValid = false;
  for (const [version, mark] of [
    ['v3', '.'],
    ['v2', ''],
  ] as const) {
    const nonce = single(request.headers[`x-vobiz-signature-${version}-nonce`]);
    if (nonce === undefined) continue;
    for (const [account, token] of [
      ['', tokens.authToken],
      ['ma-', tokens.parentAuthToken],
    ] as const) {
      const given = single(request.headers[`x-vobiz-signature-${account}${version}`]);
      if (given === undefined || token === undefined) continue;
      const bases = urlForms(request.url).map((url) => url.split('?', 1)[0] ?? '');
      const expected = bases.map((base) => hmacSha256(token, `${base}${mark}${nonce}`));
      if (anySame(given, expected)) isValid = true;
    }
  }
  return isValid;
}

const urlForms = (url: string): string[] => [...signedForms(url)];

function withSortedQuery(url: string): string {
  const [base = '', query] = url.split('?', 2);
  return query === undefined || query === '' ? base : `${base}?${query.split('&').sort().join('&')}`;
}

/** Compares all with all, so that the time tells nothing of which came near. */
function anySame(header: string, expected: readonly string[]): boolean {
  let isSame = false;
  for (const given of header.split(',', MOST_SIGNATURES)) {
    for (const one of expected) if (sameSecret(given.trim(), one)) isSame = true;
  }
  return isSame;
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
