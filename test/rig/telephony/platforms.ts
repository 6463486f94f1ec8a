import { createHmac } from 'node:crypto';

const SECRET = 'what-the-platform-was-given';
const NONCE = '05429567804466091622';

/** A telephony platform: how it is configured, how it proves itself, and what it sends and plays. */
export interface Platform {
  /** Of its carrier, and of its line. */
  readonly name: string;
  /** The golden tape of what it sends. */
  readonly tape: string;
  /** The golden file of what goes back to it. */
  readonly wayBack: string;
  /** How the audio that goes back is coded, and its samples per second. */
  readonly codec: 'pcm16' | 'mulaw' | 'alaw';
  readonly sampleRate: number;
  /** Its row of the carrier file. */
  readonly carrier: Readonly<Record<string, unknown>>;
  /** Headers of the upgrade to this URL. */
  readonly proof: (url: string) => Record<string, string>;
  /** The last part of the path, of platforms that can prove themselves in no other way. */
  readonly pathSecret?: string;
  readonly protocol?: string;
  /** A stream that stops may begin again, so that only closing ends the call. */
  readonly restarts?: true;
}

const hmac = (algorithm: 'sha1' | 'sha256', text: string): string =>
  createHmac(algorithm, SECRET).update(text).digest('base64');
const row = (auth: object, more: object = {}): Record<string, unknown> => ({
  kind: 'media-streams',
  auth,
  ...more,
});

/** A header of the platform's own, or a bearer token. */
function byToken(header: string): Pick<Platform, 'carrier' | 'proof'> {
  const word = header === 'authorization' ? 'Bearer ' : '';
  return {
    carrier: row({ kind: 'token', header, value: SECRET }),
    proof: () => ({ [header]: `${word}${SECRET}` }),
  };
}

function byPassword(user: string): Pick<Platform, 'carrier' | 'proof'> {
  const credentials = Buffer.from(`${user}:${SECRET}`).toString('base64');
  return {
    carrier: row({ kind: 'basic', user, password: SECRET }),
    proof: () => ({ authorization: `Basic ${credentials}` }),
  };
}

function byPath(more: object = {}): Pick<Platform, 'carrier' | 'proof' | 'pathSecret'> {
  return {
    carrier: row({ kind: 'path-secret', value: SECRET }, more),
    proof: () => ({}),
    pathSecret: SECRET,
  };
}

const vobiz: Pick<Platform, 'carrier' | 'proof'> = {
  carrier: row({ kind: 'vobiz', authToken: SECRET }, { byteOrder: 'big' }),
  proof: (url) => ({
    'x-vobiz-signature-v3': hmac('sha256', `${url}.${NONCE}`),
    'x-vobiz-signature-v3-nonce': NONCE,
  }),
};

/** Every platform that brings calls and takes audio back. */
export const PLATFORMS: readonly Platform[] = [
  {
    ...{ name: 'twilio', tape: 'twilio.both-tracks', wayBack: 'twilio.mulaw' },
    ...{ codec: 'mulaw', sampleRate: 8000 },
    carrier: row({ kind: 'twilio', authToken: SECRET }),
    proof: (url) => ({ 'x-twilio-signature': hmac('sha1', url) }),
  },
  {
    ...{ name: 'signalwire', tape: 'signalwire.l16-16000', wayBack: 'signalwire.l16-24000' },
    ...{ codec: 'pcm16', sampleRate: 16_000 },
    ...byToken('authorization'),
  },
  {
    ...{ name: 'vobiz', tape: 'vobiz.l16-big-endian', wayBack: 'vobiz.little-endian-back' },
    ...{ codec: 'pcm16', sampleRate: 8000 },
    ...vobiz,
  },
  {
    ...{ name: 'vobiz-flat', tape: 'vobiz-flat.l16', wayBack: 'vobiz-flat.mulaw' },
    ...{ codec: 'pcm16', sampleRate: 8000 },
    ...vobiz,
  },
  {
    ...{ name: 'plivo', tape: 'plivo.l16-16000', wayBack: 'plivo.l16-16000' },
    ...{ codec: 'pcm16', sampleRate: 16_000 },
    carrier: row({ kind: 'plivo', authToken: SECRET }),
    proof: (url) => ({
      'x-plivo-signature-v3': hmac('sha256', `${url}.${NONCE}`),
      'x-plivo-signature-v3-nonce': NONCE,
    }),
  },
  {
    ...{ name: 'telnyx', tape: 'telnyx.alaw-shuffled', wayBack: 'telnyx.pcma' },
    ...{ codec: 'alaw', sampleRate: 8000 },
    ...byToken('x-telnyx-streaming-auth-token'),
  },
  {
    ...{ name: 'vonage', tape: 'vonage.l16-16000', wayBack: 'vonage.l16-16000' },
    ...{ codec: 'pcm16', sampleRate: 16_000 },
    ...byToken('authorization'),
  },
  {
    ...{ name: 'exotel', tape: 'exotel.strings', wayBack: 'exotel.strings' },
    ...{ codec: 'pcm16', sampleRate: 8000 },
    ...byPassword('exotel'),
  },
  {
    ...{ name: 'jambonz', tape: 'jambonz.mono', wayBack: 'jambonz.same-rate' },
    ...{ codec: 'pcm16', sampleRate: 8000, protocol: 'audio.jambonz.org' },
    ...byPassword('jambonz'),
  },
  {
    ...{ name: 'wavix', tape: 'wavix.configured', wayBack: 'wavix.configured' },
    ...{ codec: 'pcm16', sampleRate: 24_000 },
    ...byPath({ wavixFormat: { encoding: 'audio/x-l16', sampleRate: 24_000 } }),
  },
  {
    ...{ name: 'voximplant', tape: 'voximplant.restart', wayBack: 'voximplant.no-marks' },
    ...{ codec: 'pcm16', sampleRate: 16_000, restarts: true },
    ...byPath(),
  },
];
