import { hkdfSync } from 'node:crypto';

const MIN_BYTES = 32;

/** A key of 32 bytes for one purpose, derived from the server's secret (HKDF, RFC 5869), so that purposes never mix. */
export function deriveSecret(secret: Uint8Array, purpose: string): Uint8Array {
  if (secret.length < MIN_BYTES) throw new RangeError(`the server secret has at least ${MIN_BYTES} bytes`);
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), `earshot ${purpose}`, 32));
}
