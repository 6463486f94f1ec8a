import { SessionExpired, SessionFinished, SessionInProgress } from '@earshot/protocol';
import { readAnswer } from '../http/api-error.ts';
import type { Answer } from '../http/requester.ts';

/** Get Session, told apart by the HTTP status: 202, 200 or 206, 410. */
export type SessionState =
  | { readonly kind: 'in_progress'; readonly session: SessionInProgress }
  | { readonly kind: 'finished'; readonly session: SessionFinished }
  | { readonly kind: 'expired'; readonly session: SessionExpired };

/** Statuses of Get Session that carry a session. */
export const SESSION_STATUSES = [200, 202, 206, 410] as const;

/** Reads the body that belongs to the status; throws EarshotApiError when the server broke the contract. */
export function sessionStateOf(answer: Answer): SessionState {
  if (answer.status === 202) return { kind: 'in_progress', session: readAnswer(SessionInProgress, answer) };
  if (answer.status === 410) return { kind: 'expired', session: readAnswer(SessionExpired, answer) };
  return { kind: 'finished', session: readAnswer(SessionFinished, answer) };
}
