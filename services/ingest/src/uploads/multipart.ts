import type { Readable } from 'node:stream';
import { EarshotError, LIMITS } from '@earshot/protocol';
import busboy from 'busboy';

/** The one file of a multipart body. */
export interface FilePart {
  readonly stream: Readable;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
}

const FORM_DATA = /content-disposition:\s*form-data/i;

/**
 * The boundary of a multipart body that is labelled as audio: a published browser client posts its form
 * with `Content-Type: audio/webm;codecs=opus`. Undefined when the body is what it says it is.
 */
export function mislabelledBoundary(head: Uint8Array): string | undefined {
  if (head[0] !== 0x2d || head[1] !== 0x2d) return undefined;
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 2048)).toString('latin1');
  const line = text.split('\r\n', 1)[0] ?? '';
  if (line.length < 3 || line.length > 202 || !FORM_DATA.test(text)) return undefined;
  return line.slice(2);
}

/** Opens the first file part of a multipart body; `invalid_request` when there is none. */
export function openFilePart(body: Readable, contentType: string): Promise<FilePart> {
  return new Promise((resolve, reject) => {
    let found = false;
    const fail = (cause: unknown): void =>
      reject(new EarshotError('invalid_request', { message: 'The multipart body is not valid.', cause }));
    let parser: busboy.Busboy;
    try {
      parser = busboy({
        headers: { 'content-type': contentType },
        limits: { files: 1, fields: 20, fieldSize: 4096, parts: 25, fileSize: LIMITS.maxSingleBytes + 1 },
      });
    } catch (error) {
      fail(error);
      return;
    }
    parser.on('file', (_field, stream, info) => {
      found = true;
      // A form that breaks off fails this stream, maybe before anyone reads it: the reader sees it then.
      stream.on('error', () => undefined);
      const named: { filename: string | undefined } = info;
      // A part that names no type counts as plain text (RFC 7578 section 4.4); its file name says more.
      const contentType = info.mimeType === 'text/plain' ? undefined : info.mimeType;
      resolve({ stream, filename: named.filename, contentType });
    });
    parser.on('error', fail);
    parser.on('close', () => {
      if (!found)
        reject(new EarshotError('invalid_request', { message: 'The multipart body holds no file.' }));
    });
    body.on('error', (error) => parser.destroy(error));
    body.pipe(parser);
  });
}
