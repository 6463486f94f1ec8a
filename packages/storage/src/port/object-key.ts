import type { ByteRange } from './object-store.ts';

/** S3's own limit, bytes. */
const MAX_KEY_BYTES = 1024;
/** File systems allow 255; a temporary name needs some of it. */
const MAX_SEGMENT_BYTES = 200;
/** Printable ASCII without what file systems or URLs read as more than a letter. */
const SEGMENT = /^(?!\.)[A-Za-z0-9!_.()'*+,;=@~-]+$/;

/**
 * Throws a RangeError unless a key is portable between stores: segments of plain ASCII joined by single slashes, none
 * empty or beginning with a dot, at most 1024 bytes in all.
 */
export function assertKey(key: string): void {
  const segments = key.split('/');
  const good = segments.every((segment) => segment.length <= MAX_SEGMENT_BYTES && SEGMENT.test(segment));
  if (!good || key.length > MAX_KEY_BYTES) throw new RangeError('this is not a key of the object store');
}

/** As `assertKey` for the beginning of a key: may be empty and may end within a segment or behind a slash. */
export function assertPrefix(prefix: string): void {
  if (prefix !== '') assertKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

/** Throws a RangeError unless 0 <= start <= end, both whole numbers. */
export function assertRange(range: ByteRange): void {
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError('a byte range needs whole numbers with 0 <= start <= end');
  }
}
