import type { Readable } from 'node:stream';
import { EarshotError, type SessionRef, type UploadReceipt } from '@earshot/protocol';
import type { SessionRow, Sessions, UploadOutcome } from '@earshot/sessions';
import { keys, type ObjectStore } from '@earshot/storage';
import { type ParsedFileName, parseFileName } from './file-name.ts';
import { checkDuration, checkMagic, declaredFormat } from './format.ts';
import { mislabelledBoundary, openFilePart } from './multipart.ts';
import { peek, streamOf } from './peek.ts';
import { type SpooledFile, spool } from './spool.ts';

export interface UploadContext {
  readonly sessions: Sessions;
  readonly store: ObjectStore;
  readonly spoolFolder: string;
  readonly now: () => Date;
  readonly maxChunkBytes: number;
  readonly maxSingleBytes: number;
}

/** An upload as it arrives: the name from the path or a header, the body still unread. */
export interface IncomingUpload {
  readonly fileName: string | undefined;
  readonly contentType: string | undefined;
  readonly dispositionName: string | undefined;
  readonly chunkIndex: string | undefined;
  readonly contentLength: number | undefined;
  readonly body: Readable;
}

export interface ReceivedUpload {
  readonly receipt: UploadReceipt;
  readonly outcome: UploadOutcome;
}

/** Takes one uploaded file into a session: unwrap, spool, judge, store, commit. */
export async function receiveUpload(
  context: UploadContext,
  ref: SessionRef,
  incoming: IncomingUpload,
): Promise<ReceivedUpload> {
  const row = await context.sessions.admitUpload(ref);
  const uploadType = row.document.request.upload_type;
  const maxBytes = uploadType === 'single' ? context.maxSingleBytes : context.maxChunkBytes;
  if ((incoming.contentLength ?? 0) > maxBytes + 65_536) {
    throw new EarshotError('chunk_too_large', { details: { max_bytes: maxBytes } });
  }
  const part = await unwrap(incoming);
  const file = await spool(part.body, context.spoolFolder, maxBytes);
  try {
    const receipt = judge(context, row, { file, part, incoming });
    return await storeUpload(context, ref, { file, receipt });
  } finally {
    await file.remove();
  }
}

interface Part {
  readonly body: AsyncIterable<unknown>;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
}

/** The audio inside a body: as it is, or the file of a multipart form, even one labelled as audio. */
async function unwrap({ body, contentType }: IncomingUpload): Promise<Part> {
  if (contentType?.toLowerCase().startsWith('multipart/form-data') === true) return partOf(body, contentType);
  const { head, body: whole } = await peek(body, 2048);
  const boundary = mislabelledBoundary(head);
  if (boundary === undefined) return { body: whole, filename: undefined, contentType };
  // That label is one constant for every form, so only the part and the file's name tell what is inside.
  return partOf(streamOf(whole), `multipart/form-data; boundary=${boundary}`);
}

async function partOf(body: Readable, contentType: string): Promise<Part> {
  const part = await openFilePart(body, contentType);
  return { body: part.stream, filename: part.filename, contentType: part.contentType };
}

function judge(
  context: UploadContext,
  row: SessionRow,
  { file, part, incoming }: { file: SpooledFile; part: Part; incoming: IncomingUpload },
): UploadReceipt {
  const uploadType = row.document.request.upload_type;
  const given = incoming.fileName ?? incoming.dispositionName ?? part.filename;
  if (given === undefined) {
    throw new EarshotError('missing_required_field', { message: 'The upload has no file name.' });
  }
  const named: ParsedFileName =
    incoming.chunkIndex === undefined
      ? parseFileName(given, uploadType)
      : parseFileName(given, uploadType, incoming.chunkIndex);
  // The one file of a single session is number 0 whatever it is called: clients count from 0 or from 1.
  const name = uploadType === 'single' ? { ...named, sequence: 0 } : named;
  const declared = declaredFormat(part.contentType, name);
  const { head } = file;
  checkMagic(head, declared, name.sequence);
  checkDuration(head, declared, file.bytes);
  return {
    sequence: name.sequence,
    key: keys.upload(row.document, name.sequence, declared.format),
    name: `${name.sequence}.${declared.format}`,
    originalFilename: name.original,
    format: declared.format,
    contentType: declared.contentType,
    bytes: file.bytes,
    sha256: file.sha256,
    receivedAt: context.now().toISOString(),
    ...(declared.pcm === undefined ? {} : { pcm: declared.pcm }),
  };
}

/**
 * Stores the bytes, then the receipt. The usual key is create-only; when it already holds something (an
 * upload that broke off, or other bytes) the file goes to a key of its own, which the receipt names.
 */
async function storeUpload(
  context: UploadContext,
  ref: SessionRef,
  { file, receipt }: { file: SpooledFile; receipt: UploadReceipt },
): Promise<ReceivedUpload> {
  const known = await context.sessions.findDuplicate(ref, receipt);
  if (known !== null) return { receipt: known, outcome: 'duplicate' };
  const options = {
    bytes: file.bytes,
    sha256: file.sha256,
    contentType: receipt.contentType,
    createOnly: true,
    handedOver: file.handle,
  };
  let stored = receipt;
  if ((await context.store.putFile(receipt.key, file.path, options)) === 'exists') {
    stored = { ...receipt, key: keys.uploadVariant(ref, receipt, file.sha256) };
    await context.store.putFile(stored.key, file.path, options);
  }
  const outcome = await context.sessions.commitUpload(ref, stored);
  return { receipt: stored, outcome };
}
