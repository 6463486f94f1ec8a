import { createHmac, timingSafeEqual } from 'node:crypto';
import { readUrl } from '@earshot/runtime';

/** Form fields of a callback; a field that came several times has an array. */
export type SignedParameters = Readonly<Record<string, string | readonly string[]>>;

export interface SignedRequest {
  readonly authToken: string;
  /** Of the `X-Twilio-Signature` header; anything but a string is refused. */
  readonly signature: string | readonly string[] | undefined;
  /** As the sender knows it: public origin, path and query. For the upgrade of a media stream its scheme is `wss`. */
  readonly url: string;
  /** Of a form body; the upgrade of a media stream has none. */
  readonly parameters?: SignedParameters;
}

/**
 * Base64 of HMAC-SHA1 over the URL followed by each field's name and value, in the order of the names (Twilio,
 * "Validating requests"). Equal values of a repeated field count once, as in Twilio's own libraries.
 */
export function twilioSignature(authToken: string, url: string, parameters: SignedParameters = {}): string {
  const signed = Object.keys(parameters)
    .sort()
    .flatMap((name) => {
      const value = parameters[name] ?? [];
      const values = typeof value === 'string' ? [value] : [...new Set(value)].sort();
      return values.map((one) => name + one);
    });
  return createHmac('sha1', authToken)
    .update(url + signed.join(''))
    .digest('base64');
}

/**
 * Whether the signature is the token's, in constant time for each form of the URL that senders sign: with and without
 * the port; for a WebSocket also as http(s), and with a slash at the end.
 */
export function verifyTwilioSignature(request: SignedRequest): boolean {
  const { authToken, signature, url, parameters = {} } = request;
  if (typeof signature !== 'string' || authToken === '') return false;
  const given = Buffer.from(signature);
  let valid = false;
  for (const form of signedForms(url)) {
    const expected = Buffer.from(twilioSignature(authToken, form, parameters));
    if (given.length === expected.length && timingSafeEqual(given, expected)) valid = true;
  }
  return valid;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
};
const HTTP_SCHEMES: Readonly<Record<string, string>> = { 'wss:': 'https:', 'ws:': 'http:' };

/** The forms of a URL that senders sign: with and without the port; for a WebSocket as http(s) too, and with a slash. */
export function signedForms(text: string): Set<string> {
  const forms = new Set([text]);
  const url = readUrl(text);
  if (url === undefined) return forms;
  const { protocol, hostname, port, pathname, search } = url;
  const asHttp = HTTP_SCHEMES[protocol];
  const schemes = asHttp === undefined ? [protocol] : [protocol, asHttp];
  const ends = asHttp === undefined || pathname.endsWith('/') ? [''] : ['', '/'];
  const hosts = [hostname, `${hostname}:${port === '' ? DEFAULT_PORTS[protocol] : port}`];
  for (const scheme of schemes)
    for (const host of hosts)
      for (const end of ends) forms.add(`${scheme}//${host}${pathname}${end}${search}`);
  return forms;
}
