import {
  EarshotError,
  type PatchSessionRequest,
  type SessionDocument,
  type SessionRef,
} from '@earshot/protocol';
import type { SessionRow } from '../core/machine.ts';
import type { SessionsContext } from './context.ts';
import { loadRow } from './load.ts';

/**
 * Applies a PATCH. `session_mode`, `model`, `templates` and `language_hint` steer processing, so they change
 * only before End (409 `session_locked`); `additional_data` is merged.
 */
export async function patchSession(
  context: SessionsContext,
  ref: SessionRef,
  patch: PatchSessionRequest,
): Promise<SessionDocument> {
  const row = await loadRow(context, ref);
  if (row.status === 'expired') {
    throw new EarshotError('session_expired', {
      details: { session_id: ref.sessionId, expired_at: row.expiredAt },
    });
  }
  refuseLocked(row, patch);
  const document = patched(row.document, patch);
  await context.truth.writeSession(document);
  await context.index.apply(ref, { type: 'described', document });
  return document;
}

const LOCKED_AFTER_END = [
  'session_mode',
  'model',
  'templates',
  'language_hint',
  'transcript_language',
] as const;

function refuseLocked(row: SessionRow, patch: PatchSessionRequest): void {
  if (!row.ending && (row.status === 'created' || row.status === 'recording')) return;
  const locked = LOCKED_AFTER_END.filter((field) => patch[field] !== undefined);
  if (locked.length > 0) throw new EarshotError('session_locked', { details: { fields: locked } });
}

function patched(document: SessionDocument, patch: PatchSessionRequest): SessionDocument {
  const { request } = document;
  return {
    ...document,
    userStatus: patch.user_status ?? document.userStatus,
    processingStatus: patch.processing_status ?? document.processingStatus,
    request: {
      ...request,
      templates: patch.templates ?? request.templates,
      language_hint: patch.language_hint ?? request.language_hint,
      transcript_language: patch.transcript_language ?? request.transcript_language,
      session_mode: patch.session_mode ?? request.session_mode,
      model: patch.model ?? request.model,
      patient_details: patch.patient_details === undefined ? request.patient_details : patch.patient_details,
      additional_data: { ...request.additional_data, ...patch.additional_data },
    },
  };
}
