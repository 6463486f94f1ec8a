import { LIMITS } from '@earshot/protocol';
import { z } from 'zod';

/** A secret as a provider gave it; times in seconds since 1970, clamped to what can be asked for. */
export interface GivenSecret {
  readonly sessionId: string;
  readonly sessionExpiresAt: number;
  readonly value: string;
  readonly expiresAt: number;
}

/** The `b64token` of bearer credentials (RFC 6750, section 2.1). */
const Token = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9._~+/-]{16,}=*$/);
const SessionId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
const Seconds = z.int().min(0);

/** OpenAI's current answer: the secret stands at the top. */
const CurrentAnswer = z
  .object({
    value: Token,
    expires_at: Seconds,
    session: z.object({ id: SessionId, expires_at: Seconds.nullish() }),
  })
  .transform(({ value, expires_at: expiresAt, session }) => ({ value, expiresAt, session }));

/** The former answer: a session with the secret inside. */
const FormerAnswer = z
  .object({
    id: SessionId,
    expires_at: Seconds.nullish(),
    client_secret: z.object({ value: Token, expires_at: Seconds }),
  })
  .transform(({ client_secret: { value, expires_at: expiresAt }, ...session }) => ({
    value,
    expiresAt,
    session,
  }));

const Answer = z.union([CurrentAnswer, FormerAnswer]);

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Reads a provider's answer in either shape; undefined unless it is exactly what was asked for: a token, alive at
 * `nowSeconds`. A session that tells no expiry, or 0, ends with its secret.
 */
export function readSecretAnswer(bytes: Uint8Array, nowSeconds: number): GivenSecret | undefined {
  const parsed = Answer.safeParse(parseJson(bytes));
  if (!parsed.success) return undefined;
  const { value, expiresAt, session } = parsed.data;
  const sessionExpiresAt = session.expires_at || expiresAt;
  if (expiresAt <= nowSeconds || sessionExpiresAt <= nowSeconds) return undefined;
  const latest = Math.floor(nowSeconds) + LIMITS.realtimeSecretMaxSeconds;
  return {
    sessionId: session.id,
    sessionExpiresAt: Math.min(sessionExpiresAt, latest),
    value,
    expiresAt: Math.min(expiresAt, latest),
  };
}
