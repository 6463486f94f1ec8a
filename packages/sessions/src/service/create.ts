import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type CreateSessionRequest,
  EarshotError,
  idFrom,
  type SessionCall,
  type SessionDocument,
  type SessionRef,
} from '@earshot/protocol';
import { newRow } from '../core/machine.ts';
import { refOf, type SessionsContext } from './context.ts';

/** Who creates a session. */
export interface Creator {
  readonly tenant: string;
  /** Id of the key or subject; never a secret. */
  readonly subject: string;
  readonly test: boolean;
}

/** What a session is created with. */
export interface Creation {
  readonly request: CreateSessionRequest;
  readonly idempotencyKey: string | undefined;
  /** Only for a session that holds the audio of a call. */
  readonly call?: SessionCall;
}

/**
 * Creates a session, or replays an earlier identical request. A client-supplied id and an `Idempotency-Key`
 * both lead to the same id, whose document is create-only, so a replay needs no memory of its own.
 * Same id with another request: 409 `session_conflict` (or 422 `idempotency_conflict` for the header).
 */
export async function createSession(
  context: SessionsContext,
  creator: Creator,
  input: Creation,
): Promise<SessionDocument> {
  const { request, idempotencyKey } = input;
  refuseContradiction(request);
  const document = newDocument(context, creator, input);
  const ref = refOf(document);
  if (await wasErased(context, ref, input)) throw conflict(request, idempotencyKey);
  if ((await context.truth.createSession(document)) === 'exists') {
    const stored = await context.truth.readSession(ref);
    if (stored === null || !isSame(stored, input)) throw conflict(request, idempotencyKey);
    if (stored.streamId !== null) await pointStream(context, stored);
    return stored;
  }
  if (document.streamId !== null) await pointStream(context, document);
  try {
    await context.index.restore(newRow(document), { uploads: [], segments: [], statuses: new Map() });
  } catch (error) {
    context.warn('a new session could not be indexed', { sessionId: ref.sessionId, error });
  }
  return document;
}

function isSame(stored: SessionDocument, { request, call }: Creation): boolean {
  return isDeepStrictEqual(stored.request, request) && isDeepStrictEqual(stored.call, call);
}

function newDocument(
  context: SessionsContext,
  creator: Creator,
  { request, idempotencyKey, call }: Creation,
): SessionDocument {
  const now = context.now();
  const sessionId =
    request.session_id ??
    (idempotencyKey === undefined
      ? idFrom('ses', context.randomBytes(64))
      : idFrom('ses', derivedBytes(creator.tenant, idempotencyKey)));
  return {
    v: 1,
    tenant: creator.tenant,
    sessionId,
    streamId: request.upload_type === 'stream' ? idFrom('str', context.randomBytes(64)) : null,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + context.settings.ttlSeconds * 1000).toISOString(),
    createdBy: creator.subject,
    test: creator.test,
    request,
    userStatus: null,
    processingStatus: null,
    ...(call === undefined ? {} : { call }),
  };
}

/** A session id that only this tenant and this key lead to. */
function derivedBytes(tenant: string, idempotencyKey: string): Uint8Array {
  return createHash('sha512').update(`earshot-create\0${tenant}\0${idempotencyKey}`).digest();
}

/** An erased id stays taken. A random one was never used before, so nothing is looked up for it. */
async function wasErased(
  context: SessionsContext,
  ref: SessionRef,
  { request, idempotencyKey }: Creation,
): Promise<boolean> {
  if (request.session_id === undefined && idempotencyKey === undefined) return false;
  return (await context.truth.readErased(ref)) !== null;
}

function conflict(request: CreateSessionRequest, idempotencyKey: string | undefined): EarshotError {
  if (request.session_id === undefined && idempotencyKey !== undefined) {
    return new EarshotError('idempotency_conflict');
  }
  return new EarshotError('session_conflict', { details: { session_id: request.session_id } });
}

async function pointStream(context: SessionsContext, document: SessionDocument): Promise<void> {
  if (document.streamId === null) return;
  const { tenant, sessionId } = document;
  await context.truth.createStreamPointer(streamHash(document.streamId), { v: 1, tenant, sessionId });
}

/** Stream ids are capabilities, so only their hash is a key. */
export function streamHash(streamId: string): string {
  return createHash('sha256').update(streamId).digest('hex');
}

/** `communication_protocol` may be left out; when given it must fit the upload type. */
function refuseContradiction(request: CreateSessionRequest): void {
  const protocol = request.communication_protocol;
  const expected = request.upload_type === 'stream' ? 'websocket' : 'http';
  if (protocol !== undefined && protocol !== expected) {
    throw new EarshotError('invalid_request', {
      message: `upload_type "${request.upload_type}" goes with communication_protocol "${expected}".`,
      details: { upload_type: request.upload_type, communication_protocol: protocol },
    });
  }
}
