import type { IncomingHttpHeaders } from 'node:http';
import { FormRefusal } from '../../../media/upgrade/refusal.ts';
import { verifyTwilioSignature } from '../../twilio/signature.ts';
import { verifyPlivoSignature, verifyVobizSignature } from './plivo-signature.ts';
import { sameSecret } from './secret-compare.ts';
import type { StreamAuth } from './stream-auth.ts';

/** What an upgrade request shows of its sender. */
export interface SenderProof {
  readonly headers: IncomingHttpHeaders;
  /** Path and query as they came. */
  readonly path: string;
  /** The last part of the path, behind the line; null where there is none. */
  readonly pathSecret: string | null;
}

/**
 * Throws `authentication_failed` unless the request comes from the platform of this configuration; nothing says what was
 * wrong. A secret in the path is refused where none is configured, so that none is thought to be checked.
 */
export function checkSender(auth: StreamAuth, proof: SenderProof): void {
  const isStray = auth.kind !== 'path-secret' && proof.pathSecret !== null;
  if (isSender(auth, proof) && !isStray) return;
  const scheme = auth.kind === 'basic' ? 'Basic realm="media streams"' : 'Bearer';
  throw new FormRefusal('authentication_failed', 'The sender of this stream could not be told.', {
    'WWW-Authenticate': scheme,
  });
}

function isSender(auth: StreamAuth, { headers, path, pathSecret }: SenderProof): boolean {
  switch (auth.kind) {
    case 'twilio': {
      const signature = headers['x-twilio-signature'];
      return verifyTwilioSignature({ authToken: auth.authToken, signature, url: publicUrl(auth, path) });
    }
    case 'plivo':
      return verifyPlivoSignature({ headers, url: publicUrl(auth, path) }, auth.authToken);
    case 'vobiz':
      return verifyVobizSignature({ headers, url: publicUrl(auth, path) }, auth);
    case 'token':
      return isToken(headers, auth);
    case 'basic': {
      const credentials = Buffer.from(`${auth.user}:${auth.password}`).toString('base64');
      return sameSecret(headers.authorization?.replace(/^basic +/i, '') ?? '', credentials);
    }
    case 'path-secret':
      return sameSecret(pathSecret ?? '', auth.value);
  }
}

/** In `authorization` the value may be a bearer token, with or without the word in front of it. */
function isToken(headers: IncomingHttpHeaders, auth: Extract<StreamAuth, { kind: 'token' }>): boolean {
  const name = auth.header.toLowerCase();
  const given = headers[name];
  if (typeof given !== 'string') return false;
  const bare = name === 'authorization' ? given.replace(/^bearer +/i, '') : given;
  const isExact = sameSecret(given, auth.value);
  return sameSecret(bare, auth.value) || isExact;
}

/** Never the request's own `Host`, which its sender chooses. */
function publicUrl(auth: { readonly publicUrl?: string | undefined }, path: string): string {
  return `${(auth.publicUrl ?? '').replace(/\/+$/, '')}${path}`;
}
