import type { IncomingMessage } from 'node:http';
import { EarshotError } from '@earshot/protocol';
import type { MediaClientName, MediaEdgeDeps } from '../media-deps.ts';
import type { MediaTokens, StillValid } from '../tokens/media-tokens.ts';
import { credentialHeaders, stillMayUse } from './credential.ts';
import { type MediaTarget, readMode, readToken } from './media-target.ts';

/** Who was let in. */
export interface Admitted {
  readonly name: MediaClientName;
  readonly credential: StillValid;
}

type Deps = Pick<MediaEdgeDeps, 'calls' | 'authenticate'>;

/** Lets in a client with a media token, which is spent by that whatever the answer. Throws the refusal. */
export async function admitByToken(
  deps: Pick<Deps, 'calls'>,
  tokens: MediaTokens,
  { request, target }: { readonly request: IncomingMessage; readonly target: MediaTarget },
): Promise<Admitted> {
  const grant = tokens.take(readToken(request));
  if (grant === null || grant.callId !== target.callId || grant.lineId !== target.lineId) {
    throw new EarshotError('media_token_invalid');
  }
  const { tenant, lineId, callId, mode, credential } = grant;
  if (!(await credential())) throw new EarshotError('media_token_invalid');
  const call = await deps.calls.get({ tenant, lineId, id: callId });
  if (call.state !== 'active') throw new EarshotError('call_not_active');
  return { name: { callId: call.callId, mode, by: 'token' }, credential };
}

/** Lets in a client with a key or an access token in its headers. Throws the refusal. */
export async function admitByCredential(
  deps: Deps,
  { request, target }: { readonly request: IncomingMessage; readonly target: MediaTarget },
): Promise<Admitted> {
  const { headers } = request;
  // The URL is that of the client only until the first wait.
  const mode = readMode(request.url);
  const { tenant, line } = await deps.authenticate(credentialHeaders(headers));
  // A key of another line learns no more than one of another tenant.
  if (line !== null && line !== target.lineId) throw new EarshotError('call_not_found');
  const call = await deps.calls.get({ tenant, lineId: target.lineId, id: target.callId });
  if (call.state !== 'active') throw new EarshotError('call_not_active');
  return {
    name: { callId: call.callId, mode, by: 'credential' },
    credential: stillMayUse(deps.authenticate, headers, { tenant, lineId: target.lineId }),
  };
}
