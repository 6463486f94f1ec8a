import { type CallRecord, CreateSessionRequest, type SessionRef } from '@earshot/protocol';
import type { Sessions } from '@earshot/sessions';
import type { CallArchive } from '@earshot/storage';

/** Creates the session that keeps a call's audio, by the id that the call's record names. */
export function createCallSession(
  sessions: Pick<Sessions, 'create'>,
  archive: Pick<CallArchive, 'readLine'>,
): (record: CallRecord) => Promise<SessionRef> {
  return async (record) => {
    const { tenant, lineId, callId, createdBy, sessionId } = record;
    if (sessionId === null) throw new Error('nothing of this call is kept');
    const line = await archive.readLine(tenant, lineId);
    const language = line?.language ?? null;
    const request = CreateSessionRequest.parse({
      upload_type: 'stream',
      communication_protocol: 'websocket',
      session_id: sessionId,
      session_mode: 'consultation',
      ...(line === null ? {} : { model: line.model }),
      ...(language === null ? {} : { language_hint: [language] }),
    });
    const call = { callId, lineId, record: record.record, transcribe: record.transcribe };
    const creator = { tenant, subject: createdBy, test: false };
    return sessions.create(creator, { request, idempotencyKey: undefined, call });
  };
}
