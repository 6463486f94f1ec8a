import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { EarshotError, LIMITS, parseMediaType } from '@earshot/protocol';
import busboy from 'busboy';

/** The `audio` file of a form. */
export interface AudioPart {
  /** Ends one byte beyond LIMITS.maxAssetBytes, if not before. */
  readonly stream: Readable;
  readonly filename: string;
  readonly contentType: string;
}

const FIELD = 'audio';
const MAX_NAME = 255;

const invalid = (message: string, cause?: unknown): EarshotError =>
  new EarshotError('invalid_request', { message, cause });

/** A name to show again: the last part of a path, without control characters. */
function shownName(name: string | undefined): string {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? '';
  const clean = last.replace(/\p{Cc}/gu, '').trim();
  return clean === '' ? 'audio' : clean.slice(0, MAX_NAME);
}

/** The type of the file, if it is some kind of audio. */
function audioType(mimeType: string): string | undefined {
  const type = parseMediaType(mimeType)?.essence;
  return type?.startsWith('audio/') === true ? type.slice(0, MAX_NAME) : undefined;
}

function parserOf(headers: IncomingHttpHeaders): busboy.Busboy {
  try {
    return busboy({
      headers,
      defParamCharset: 'utf8',
      limits: { files: 1, fields: 20, fieldSize: 4096, parts: 25, fileSize: LIMITS.maxAssetBytes + 1 },
    });
  } catch (error) {
    throw invalid('The multipart body is not valid.', error);
  }
}

/**
 * Opens the file in the field `audio` of a multipart body; other fields are passed over. Throws `invalid_request` for a
 * form without it, `unsupported_media_type` for a file that is no audio by its type.
 */
export async function openAudioPart(body: Readable, headers: IncomingHttpHeaders): Promise<AudioPart> {
  const parser = parserOf(headers);
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      body.unpipe(parser);
      parser.destroy();
      // What is still on its way is read and dropped, so that the answer reaches the sender.
      body.resume();
      reject(error);
    };
    parser.on('file', (field, stream, info) => {
      // A form that breaks off fails this stream, maybe before anyone reads it: the reader sees it then.
      stream.on('error', () => undefined);
      const contentType = audioType(info.mimeType);
      const named: { filename: string | undefined } = info;
      if (field !== FIELD) {
        refuse(invalid(`The file belongs into the field ${FIELD}.`));
      } else if (contentType === undefined) {
        const message = `The field ${FIELD} must have a content type of audio/*.`;
        refuse(new EarshotError('unsupported_media_type', { message }));
      } else {
        resolve({ stream, filename: shownName(named.filename), contentType });
      }
    });
    parser.on('error', (error) => refuse(invalid('The multipart body is not valid.', error)));
    parser.on('close', () => reject(invalid(`The form holds no file in the field ${FIELD}.`)));
    body.on('error', (error) => parser.destroy(error));
    body.pipe(parser);
  });
}
