/** A field of a form: text, or the one file. */
export type FormField =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly fileName: string; readonly type: string; readonly bytes: Uint8Array };

/** Nothing in a WAV file of ours can look like this; 60 characters of RFC 2046's boundary alphabet at most. */
const BOUNDARY = '----earshot-2f1c9a7d5b3e4f60';

/** No field may end its own header line. */
const quoted = (value: string): string => `"${value.replaceAll(/["\r\n]/g, '_')}"`;

function partOf(field: FormField): Uint8Array[] {
  const name = `Content-Disposition: form-data; name=${quoted(field.name)}`;
  if ('value' in field) return [Buffer.from(`--${BOUNDARY}\r\n${name}\r\n\r\n${field.value}\r\n`)];
  const head = `${name}; filename=${quoted(field.fileName)}\r\nContent-Type: ${field.type}\r\n\r\n`;
  return [Buffer.from(`--${BOUNDARY}\r\n${head}`), field.bytes, Buffer.from('\r\n')];
}

/**
 * A form as `multipart/form-data` (RFC 7578). Written by hand because a `FormData` object is only understood by the
 * very fetch implementation that it came with.
 */
export function encodeForm(fields: readonly FormField[]): { contentType: string; body: Uint8Array } {
  const body = Buffer.concat([...fields.flatMap(partOf), Buffer.from(`--${BOUNDARY}--\r\n`)]);
  return { contentType: `multipart/form-data; boundary=${BOUNDARY}`, body };
}
