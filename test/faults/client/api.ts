import { setTimeout as sleep } from 'node:timers/promises';

/** Until when to go on, monotonic ms; asked anew each time, since a run may set it late. */
export type Deadline = () => number;

/** A session as the API gave it. */
interface CreatedSession {
  readonly sessionId: string;
  readonly uploadUrl: string;
}

/** Calls of the HTTP API that go on until they succeed, as a careful client's do. */
export interface Api {
  create(deadline: Deadline): Promise<CreatedSession>;
  /** Resolves when an End was accepted. */
  end(sessionId: string, deadline: Deadline): Promise<void>;
  /** One End, whatever comes of it: the status, or 0 without an answer. */
  endOnce(sessionId: string): Promise<number>;
  /** The final status; undefined when there is none at the deadline. */
  result(sessionId: string, deadline: Deadline): Promise<string | undefined>;
}

/** A request may take this long before it is given up and made again, ms. */
const ATTEMPT_MS = 20_000;
const PAUSE_MS = 100;

/** `origin` is asked before each attempt. */
export function apiOf(origin: () => string, key: string): Api {
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${origin()}/voice/v1${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
  const endOnce = async (sessionId: string): Promise<number> => {
    try {
      const answer = await call(`/sessions/${sessionId}/end`, { method: 'POST', body: '{}' });
      await answer.text();
      return answer.status;
    } catch {
      return 0;
    }
  };
  return {
    endOnce,
    create: (deadline) =>
      insist(deadline, 'create a session', async () => {
        const answer = await call('/sessions', {
          method: 'POST',
          body: JSON.stringify({ upload_type: 'stream' }),
        });
        return answer.status === 201 ? createdSession(await answer.json()) : refusal(answer);
      }),
    end: async (sessionId, deadline) => {
      await insist(deadline, 'end a session', async () => {
        const status = await endOnce(sessionId);
        return status === 202 ? true : new Error(`status ${status}`);
      });
    },
    result: (sessionId, deadline) =>
      insist(deadline, 'get a result', async () => {
        const answer = await call(`/sessions/${sessionId}?wait=5`);
        const body: unknown = await answer.json();
        const done =
          answer.status !== 202 && answer.ok && typeof body === 'object' && body !== null && 'status' in body;
        return done ? String(body.status) : new Error(`status ${answer.status}`);
      }).catch(() => undefined),
  };
}

/** Tries until there is a value that is no Error, and rejects with the last one at the deadline. */
async function insist<T>(deadline: Deadline, what: string, attempt: () => Promise<T | Error>): Promise<T> {
  for (;;) {
    const value = await attempt().catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    if (!(value instanceof Error)) return value;
    if (performance.now() > deadline()) throw new Error(`could not ${what} in time: ${value.message}`);
    await sleep(PAUSE_MS);
  }
}

async function refusal(answer: Response): Promise<Error> {
  return new Error(`status ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
}

function createdSession(body: unknown): CreatedSession | Error {
  if (typeof body !== 'object' || body === null || !('session_id' in body) || !('upload_url' in body))
    return new Error('the answer to create is not a session');
  return { sessionId: String(body.session_id), uploadUrl: String(body.upload_url) };
}
