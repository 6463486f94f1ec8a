import { EarshotError, LIMITS, type SessionRef, type UploadReceipt } from '@earshot/protocol';
import { refuseUnlessOpen, type SessionRow } from '../core/machine.ts';
import { announce, type SessionsContext } from './context.ts';
import { loadRow, notFound } from './load.ts';
import { extendExpiry } from './streams.ts';

/** Refuses an upload that the session cannot take, before its body is read. */
export async function admitUpload(context: SessionsContext, ref: SessionRef): Promise<SessionRow> {
  const row = await loadRow(context, ref);
  refuseUnlessOpen(row);
  if (row.document.request.upload_type === 'stream') {
    throw new EarshotError('invalid_request', {
      message: 'This session takes a live stream at its upload_url, not uploaded files.',
      details: { upload_type: 'stream' },
    });
  }
  return row;
}

/** How an upload that was already present is told apart. */
export type UploadOutcome = 'stored' | 'duplicate' | 'replaced';

/**
 * Makes a stored file part of the session. The create-only receipt decides: the same sequence with the same
 * bytes is a no-op, with other bytes it is refused (`upload_conflict`) or replaced, by configuration.
 */
export async function commitUpload(
  context: SessionsContext,
  ref: SessionRef,
  receipt: UploadReceipt,
): Promise<UploadOutcome> {
  refuseBeyondLimit(receipt);
  const outcome = await writeReceipt(context, ref, receipt);
  const change = await context.index.apply(ref, { type: 'audio' });
  if ((await context.truth.readErased(ref)) !== null) {
    await context.truth.eraseSession(ref);
    throw notFound(ref);
  }
  if (outcome !== 'duplicate') await context.index.addUpload(ref, receipt);
  await keepOpen(context, ref, change?.row ?? null);
  if (change !== null) await announce(context, ref, change.announce);
  return outcome;
}

/** A long recording that still sends files does not run into its expiry. */
async function keepOpen(context: SessionsContext, ref: SessionRef, row: SessionRow | null): Promise<void> {
  if (row === null) return;
  const leftMs = Date.parse(row.document.expiresAt) - context.now().getTime();
  if (leftMs < (context.settings.ttlSeconds * 1000) / 2) await extendExpiry(context, ref);
}

/**
 * The receipt of the same bytes under the same number; null when the number is free or may be replaced. Other
 * bytes are refused with `upload_conflict` unless configuration lets them replace, a number above the limit always.
 */
export async function findDuplicate(
  context: SessionsContext,
  ref: SessionRef,
  upload: Pick<UploadReceipt, 'sequence' | 'sha256'>,
): Promise<UploadReceipt | null> {
  refuseBeyondLimit(upload);
  const existing = await context.truth.readUpload(ref, upload.sequence);
  if (existing === null || existing.sha256 === upload.sha256) return existing;
  if (context.settings.onDifferentUpload === 'replace') return null;
  const { document } = await loadRow(context, ref);
  throw new EarshotError('upload_conflict', {
    ...(document.request.upload_type === 'single' ? { message: ONE_FILE } : {}),
    details: { sequence: upload.sequence },
  });
}

const ONE_FILE =
  'A session of upload_type "single" takes one file, and this one has it: create another session for this file, or one of upload_type "chunked" for several.';

function refuseBeyondLimit({ sequence }: Pick<UploadReceipt, 'sequence'>): void {
  if (sequence < LIMITS.maxUploads) return;
  throw new EarshotError('invalid_request', {
    message: `A session holds at most ${LIMITS.maxUploads} files.`,
  });
}

async function writeReceipt(
  context: SessionsContext,
  ref: SessionRef,
  receipt: UploadReceipt,
): Promise<UploadOutcome> {
  if ((await context.truth.createUpload(ref, receipt)) === 'created') return 'stored';
  if ((await findDuplicate(context, ref, receipt)) !== null) return 'duplicate';
  await context.truth.writeUpload(ref, receipt);
  return 'replaced';
}
