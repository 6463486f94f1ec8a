import { EarshotError } from '@earshot/protocol';

/** Request headers as Node gives them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const MAX_LENGTH = 8192;
/** One run of visible ASCII. */
const CREDENTIAL = /^[\x21-\x7e]+$/;
const SCHEME = /^(bearer|x-api-key|apikey)[ \t]+(.+)$/i;
const JWT = /^eyJ[\w-]+\.[\w-]*\.[\w-]*$/;

const missing = (headers: RequestHeaders): EarshotError => {
  const message =
    readNamedKey(headers) === undefined
      ? 'API key is required'
      : 'x-api-key-id only says which key to act as; it needs an API key of the whole tenant beside it.';
  return new EarshotError('authentication_failed', { message });
};
const ambiguous = (): EarshotError =>
  new EarshotError('invalid_request', { message: 'The request carries two different credentials.' });

/** A header that was sent several times counts only if each copy says the same. */
function single(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  const copies = (typeof value === 'string' ? value.split(',') : value).map((copy) => copy.trim());
  const [first] = copies;
  if (copies.some((copy) => copy !== first)) throw ambiguous();
  return first === '' ? undefined : first;
}

function fromAuthorization(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const named = SCHEME.exec(value)?.[2]?.trim();
  if (named !== undefined) return named;
  if (/^sk_\S+$/.test(value)) return value;
  throw new EarshotError('authentication_failed', {
    message: 'Authorization must be "Bearer" followed by an API key or access token.',
  });
}

/**
 * The one credential of a request: `Authorization: Bearer|X-API-Key|ApiKey …`, a bare `Authorization: sk_…`, or
 * `X-API-Key: …`. URLs are never looked at. Throws `authentication_failed` without one, `invalid_request` with two.
 */
export function readCredential(headers: RequestHeaders): string {
  const authorization = fromAuthorization(single(headers['authorization']));
  const apiKey = single(headers['x-api-key']);
  if (authorization !== undefined && apiKey !== undefined && authorization !== apiKey) throw ambiguous();
  const credential = authorization ?? apiKey;
  if (credential === undefined) throw missing(headers);
  if (credential.length > MAX_LENGTH || !CREDENTIAL.test(credential)) {
    throw new EarshotError('invalid_api_key', { message: 'Invalid API key' });
  }
  return credential;
}

/** `X-API-Key-Id`: the key that a caller wants to act as, beside the credential that allows it. */
export function readNamedKey(headers: RequestHeaders): string | undefined {
  return single(headers['x-api-key-id']);
}

/** True for the shape of a signed token: three base64url parts, the first a JSON object. */
export function isToken(credential: string): boolean {
  return JWT.test(credential);
}
