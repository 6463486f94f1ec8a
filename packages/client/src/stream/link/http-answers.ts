import { ERRORS } from '@earshot/protocol';
import { apiErrorOf } from '../../http/api-error.ts';
import { type LinkEnd, LinkFailure } from './link.ts';

/** Header values: a byte position, and a structured-field boolean (RFC 9651). */
export function uploadOffset(headers: Headers): number | undefined {
  const text = headers.get('upload-offset')?.trim() ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export function isUploadComplete(headers: Headers): boolean {
  return headers.get('upload-complete')?.trim() === '?1';
}

/** A refused request as the end of a link: the close code of the catalogue where the body names an error. */
export function endOfRefusal(answer: { status: number; headers: Headers; text: string }): LinkEnd {
  const { status, headers, text } = answer;
  const { code } = apiErrorOf(status, text);
  const reason = code === 'http_error' ? `HTTP ${status}` : code;
  const end = { code: closeCodeOf(status, code), reason, status };
  const seconds = headers.get('retry-after')?.trim() ?? '';
  return /^\d{1,6}$/.test(seconds) ? { ...end, retryAfterMs: Number(seconds) * 1000 } : end;
}

const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429]);

function closeCodeOf(status: number, code: string): number {
  if (status >= 500 || RETRYABLE.has(status)) return 1013;
  // A wrong offset is asked for anew, and a body that was damaged on its way is sent again.
  if (code === 'offset_mismatch' || code === 'digest_mismatch') return 1006;
  const known = Object.entries(ERRORS).find(([name]) => name === code);
  return known?.[1].closeCode ?? 1008;
}

/** Nothing came back: a network that is away, or a page that may not see the answer. */
export function unreachable(cause: unknown): LinkFailure {
  const detail = cause instanceof Error && cause.message !== '' ? ` ${cause.message}.` : '';
  return new LinkFailure({ code: 1006, reason: `The server could not be reached.${detail}` });
}
