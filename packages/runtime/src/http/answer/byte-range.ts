import { EarshotError } from '@earshot/protocol';

/** A half-open range of bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header (RFC 9110 section 14): one byte range, or undefined for the whole. Several ranges
 * and other units are ignored, as the RFC allows. Errors: `range_not_satisfiable`.
 */
export function parseRange(header: string | undefined, total: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.replace(/\s/g, '') ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, total - Number(last)) : Number(first);
  const end = first === '' || last === '' ? total : Math.min(total, Number(last) + 1);
  if (start >= end || start >= total) {
    throw new EarshotError('range_not_satisfiable', { details: { size: total } });
  }
  return { start, end };
}
