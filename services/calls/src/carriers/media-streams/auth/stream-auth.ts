import { z } from 'zod';

const secret = z.string().min(8).max(1024);
/** The origin, and the path in front of ours if a proxy takes one away, as the platform was given it. */
const publicUrl = z.url({ protocol: /^(wss|https)$/ }).optional();

/** How the platform of a media stream proves itself when it opens the socket. */
export const StreamAuth = z.discriminatedUnion('kind', [
  /** `X-Twilio-Signature`. */
  z.strictObject({ kind: z.literal('twilio'), authToken: secret, publicUrl }),
  /** `X-Plivo-Signature-V3` with its nonce. */
  z.strictObject({ kind: z.literal('plivo'), authToken: secret, publicUrl }),
  /** `X-Vobiz-Signature-V3` or `-V2`; of the parent account where that one's token is given. */
  z.strictObject({
    kind: z.literal('vobiz'),
    authToken: secret,
    parentAuthToken: secret.optional(),
    publicUrl,
  }),
  /** A header with a fixed value: Telnyx `x-telnyx-streaming-auth-token`; Vonage and SignalWire `authorization`. */
  z.strictObject({
    kind: z.literal('token'),
    header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of an HTTP header'),
    value: secret,
  }),
  /** HTTP Basic: Exotel, Jambonz. */
  z.strictObject({
    kind: z.literal('basic'),
    user: z.string().regex(/^[^:]{1,256}$/, 'a user name has no colon'),
    password: secret,
  }),
  /** The last part of the URL's path, for platforms that can send nothing else. */
  z.strictObject({
    kind: z.literal('path-secret'),
    value: z.string().regex(/^[A-Za-z0-9_-]{22,200}$/, 'at least 22 of A-Z a-z 0-9 _ -'),
  }),
]);
export type StreamAuth = z.infer<typeof StreamAuth>;
