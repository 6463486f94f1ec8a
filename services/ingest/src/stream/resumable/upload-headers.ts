import type { IncomingHttpHeaders } from 'node:http';
import { EarshotError, parseMediaType } from '@earshot/protocol';
import { type BodyFormat, bodyFormat } from '../body/body-format.ts';
import { type ContentDigest, readContentDigest } from '../body/content-digest.ts';

/** The media type of a body that goes on where another ended (draft-ietf-httpbis-resumable-upload, section 6). */
export const PARTIAL_UPLOAD = 'application/partial-upload';

/** RFC 9651 section 3.3.1: an Integer has at most 15 digits; an offset has no sign, no parameters and no company. */
const OFFSET = /^(?:0|[1-9]\d{0,14})$/;
const LENGTH = /^\d{1,15}$/;

/** What the head of an append says. */
export interface UploadHead {
  /** Bytes of PCM16 on the track before this body. */
  readonly offset: number;
  /** The audio is complete with this body. */
  readonly completes: boolean;
  /** Bytes of the body, where they are declared. */
  readonly declaredBytes: number | undefined;
  readonly digest: ContentDigest | undefined;
  /** How the bytes become samples; undefined when the session decides. */
  readonly format: BodyFormat | undefined;
}

/** Reads and checks the head of an append before anything is looked up; throws what the client must be told. */
export function readUploadHead(headers: IncomingHttpHeaders): UploadHead {
  const format = formatOf(headers['content-type']);
  const offset = numberIn(headers, 'upload-offset', OFFSET);
  if (offset === undefined) {
    throw new EarshotError('missing_required_field', { message: 'An append needs an Upload-Offset header.' });
  }
  const head: UploadHead = {
    offset,
    completes: flagIn(headers, 'upload-complete'),
    declaredBytes: numberIn(headers, 'content-length', LENGTH),
    digest: readContentDigest(headers['content-digest']),
    format,
  };
  refuseUnfinishedSample(head.declaredBytes);
  refuseOtherLength(head, numberIn(headers, 'upload-length', OFFSET));
  return head;
}

/** A sample is two bytes: a body that splits one can only be a mistake. */
export function refuseUnfinishedSample(bytes: number | undefined): void {
  if (bytes === undefined || bytes % 2 === 0) return;
  throw new EarshotError('invalid_audio_format', {
    message: 'The body ends in the middle of a 16-bit sample.',
    details: { content_length: bytes },
  });
}

function refuseOtherLength(
  { offset, completes, declaredBytes }: UploadHead,
  total: number | undefined,
): void {
  if (total === undefined || declaredBytes === undefined) return;
  const end = offset + declaredBytes;
  if (end < total ? !completes : end === total) return;
  throw new EarshotError('invalid_request', {
    message: 'Upload-Length does not match the offset and length of this body.',
    details: { upload_length: total, end },
  });
}

function formatOf(contentType: string | undefined): BodyFormat | undefined {
  const type = parseMediaType(contentType ?? '');
  if (type?.essence === PARTIAL_UPLOAD) return undefined;
  const format = type === undefined ? undefined : bodyFormat(type);
  if (format?.encoding === 'audio/l16') return format;
  throw new EarshotError('unsupported_media_type', {
    message: `An append is ${PARTIAL_UPLOAD} or audio/l16: 16-bit PCM.`,
  });
}

function numberIn(headers: IncomingHttpHeaders, name: string, pattern: RegExp): number | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && pattern.test(text.trim())) return Number(text);
  throw malformed(name);
}

/** RFC 9651 section 3.3.6: `?1` or `?0`. */
function flagIn(headers: IncomingHttpHeaders, name: string): boolean {
  const text = headers[name];
  if (text === undefined) return false;
  const value = typeof text === 'string' ? text.trim() : '';
  if (value === '?1' || value === '?0') return value === '?1';
  throw malformed(name);
}

function malformed(name: string): EarshotError {
  return new EarshotError('invalid_request', {
    message: 'A header is malformed.',
    details: { header: name },
  });
}
