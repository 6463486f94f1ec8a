import { createHash, timingSafeEqual } from 'node:crypto';
import { EarshotError } from '@earshot/protocol';

/** The algorithms of RFC 9530 that are safe, and the bytes of their digests. */
const ALGORITHMS: ReadonlyMap<string, { readonly hash: string; readonly bytes: number }> = new Map([
  ['sha-256', { hash: 'sha256', bytes: 32 }],
  ['sha-512', { hash: 'sha512', bytes: 64 }],
]);
const MEMBER = /^([a-z*][\w.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/;

/** What a body must hash to, by algorithm. */
export type ContentDigest = ReadonlyMap<string, Uint8Array>;

/**
 * Reads a Content-Digest header (RFC 9530 section 2). Throws `invalid_request` for a malformed one, and for one
 * that names no algorithm known here: a check that was asked for must not be left out.
 */
export function readContentDigest(header: string | string[] | undefined): ContentDigest | undefined {
  if (header === undefined) return undefined;
  const digests = new Map<string, Uint8Array>();
  for (const member of [header].flat().join(',').split(',')) {
    const [, name = '', base64 = ''] = MEMBER.exec(member.trim()) ?? [];
    if (name === '') throw malformed('Content-Digest is malformed.');
    const algorithm = ALGORITHMS.get(name);
    if (algorithm === undefined) continue;
    const digest = Buffer.from(base64, 'base64');
    if (digest.length !== algorithm.bytes || digest.toString('base64') !== base64 || digests.has(name)) {
      throw malformed(`Content-Digest has a malformed ${name}.`);
    }
    digests.set(name, digest);
  }
  if (digests.size === 0) throw malformed('Content-Digest needs sha-256 or sha-512.');
  return digests;
}

/** Throws `digest_mismatch` unless the bytes have every digest. */
export function checkDigest(bytes: Uint8Array, digest: ContentDigest): void {
  for (const [name, expected] of digest) {
    const { hash } = ALGORITHMS.get(name) ?? { hash: name };
    if (!timingSafeEqual(createHash(hash).update(bytes).digest(), expected)) {
      throw new EarshotError('digest_mismatch', { details: { algorithm: name } });
    }
  }
}

function malformed(message: string): EarshotError {
  return new EarshotError('invalid_request', { message });
}
