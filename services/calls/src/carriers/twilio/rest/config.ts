import { z } from 'zod';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether nothing that is sent there crosses a network in the clear. */
export function keepsSecrets(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || LOOPBACK.has(hostname);
}

/** A carrier of the kind `twilio`, as the operator configures it. */
export const TwilioConfig = z.strictObject({
  kind: z.literal('twilio'),
  accountSid: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'an account SID is AC and 32 hex digits'),
  /** Authenticates us to the REST API, and signs what comes from there. */
  authToken: z.string().min(8).max(1024),
  /** Origin of the REST API. */
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .refine(keepsSecrets, 'the base URL has to be https, unless it is on this machine')
    .transform((text) => new URL(text).origin)
    .default('https://api.twilio.com'),
});
export type TwilioConfig = z.infer<typeof TwilioConfig>;
