import { Readable } from 'node:stream';
import { EarshotError } from '@earshot/protocol';
import { type ContentDigest, checkDigest } from './content-digest.ts';

export interface CheckedBody {
  readonly body: Readable;
  /** Its whole length. */
  readonly bytes: number;
}

/**
 * A body that is held back until its digest is known to be right, so that nothing of a wrong one is taken.
 * Rejects with `payload_too_large` beyond `maxBytes`, `digest_mismatch`, or `invalid_request` when it is cut off.
 */
export async function checkedBody(
  body: Readable,
  digest: ContentDigest,
  maxBytes: number,
): Promise<CheckedBody> {
  const bytes = await readWhole(body, maxBytes);
  checkDigest(bytes, digest);
  return {
    body: Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }),
    bytes: bytes.length,
  };
}

async function readWhole(body: Readable, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > maxBytes) break;
      parts.push(part);
    }
  } catch (error) {
    throw new EarshotError('invalid_request', { message: 'The body was cut off.', cause: error });
  }
  if (length > maxBytes) {
    const details = { max_bytes: maxBytes };
    throw new EarshotError('payload_too_large', { message: 'A body with a digest is limited.', details });
  }
  return Buffer.concat(parts, length);
}
