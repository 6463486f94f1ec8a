import {
  type AudioFormat,
  EarshotError,
  formatOfExtension,
  LIMITS,
  type UploadType,
} from '@earshot/protocol';

export interface ParsedFileName {
  /** Decides the order of a session's files, whatever order they arrive in. */
  readonly sequence: number;
  /** Undefined when the name has no extension that names an audio format. */
  readonly format: AudioFormat | undefined;
  readonly original: string;
}

const NAME = /^([A-Za-z0-9][A-Za-z0-9._-]{0,99}?)(?:\.([A-Za-z0-9]{1,5}))?$/;
const SEQUENCE = new RegExp(`^(?:(.*)_)?(0|[1-9]\\d{0,${LIMITS.maxSequenceDigits - 1}})$`);

/**
 * Reads `<base>_<sequence>.<ext>`: sequence decimal, from 0, without leading zeros. A bare `<sequence>.<ext>`
 * is taken too, and a `single` session may leave the number out. `chunkIndex` is the X-Chunk-Index header.
 * Errors: `invalid_request` naming the rule.
 */
export function parseFileName(name: string, uploadType: UploadType, chunkIndex?: string): ParsedFileName {
  const match = NAME.exec(name);
  if (match === null || name.includes('..')) throw refuse(name);
  const [, stem = '', extension] = match;
  const format = extension === undefined ? undefined : formatOfExtension(extension);
  const sequence = chunkIndex === undefined ? sequenceOf(stem) : sequenceOf(chunkIndex);
  if (sequence === undefined && uploadType !== 'single') throw refuse(name);
  return { sequence: sequence ?? 0, format, original: name };
}

function sequenceOf(stem: string): number | undefined {
  const digits = SEQUENCE.exec(stem)?.[2];
  return digits === undefined ? undefined : Number(digits);
}

function refuse(name: string): EarshotError {
  return new EarshotError('invalid_request', {
    message:
      'A file name is <name>_<number>.<extension>: a decimal number from 0 without leading zeros, and letters, digits, dot, dash and underscore in the name.',
    details: { file_name: name.slice(0, 120) },
  });
}
