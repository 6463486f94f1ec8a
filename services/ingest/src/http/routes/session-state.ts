import {
  LIMITS,
  SessionExpired,
  SessionFinished,
  SessionInProgress,
  type SessionRef,
} from '@earshot/protocol';
import { type HttpServer, publicOrigin } from '@earshot/runtime';
import type { SessionSnapshot } from '@earshot/sessions';
import { z } from 'zod';
import { type RouteDeps, uploadUrl } from '../deps.ts';
import { SessionParams, sessionRef } from '../session-params.ts';
import { expiredView, finishedView, inProgressView, statusCodeOf } from '../views/session-view.ts';

/** A change whose notice was lost with a connection is seen after this long, ms. */
const RECHECK_MS = 1000;

/** Longest wait that may be asked for; the answer comes after `LIMITS.maxWaitSeconds` all the same. */
const MAX_ASKED_SECONDS = 3600;
const wrongWait = `seconds, from 0 to ${MAX_ASKED_SECONDS}; no more than ${LIMITS.maxWaitSeconds} are waited`;

/** Get Session: the HTTP status is the signal (202, 200, 206, 410). */
export function registerSessionState(server: HttpServer, deps: RouteDeps): void {
  server.get('/voice/v1/sessions/:session_id', {
    config: { access: 'tenant' },
    schema: {
      tags: ['sessions'],
      summary: 'State and result of a session; ?wait=SECONDS waits for the result',
      params: SessionParams,
      querystring: z.object({
        wait: z.coerce
          .number(wrongWait)
          .min(0, wrongWait)
          .max(MAX_ASKED_SECONDS, wrongWait)
          .default(0)
          .describe(wrongWait),
        template_id: z.string().max(100).optional(),
        document_id: z.string().max(100).optional(),
      }),
      response: { 200: SessionFinished, 202: SessionInProgress, 206: SessionFinished, 410: SessionExpired },
    },
    handler: async (request, reply) => {
      const ref = sessionRef(request);
      const waitMs = Math.min(request.query.wait, LIMITS.maxWaitSeconds) * 1000;
      const gone = new AbortController();
      request.raw.once('close', () => gone.abort());
      const snapshot = await settled(deps, ref, { waitMs, signal: gone.signal });
      const options = {
        uploadUrl: uploadUrl(snapshot.row.document, publicOrigin(request, deps.publicOrigin)),
        templates: request.headers['msa-version'] === undefined ? ('list' as const) : ('map' as const),
        templateId: request.query.template_id ?? request.query.document_id,
      };
      const code = statusCodeOf(snapshot);
      void reply.code(code).header('cache-control', 'no-store');
      if (code === 410) return expiredView(snapshot, options);
      if (snapshot.transcript === null) {
        void reply.code(202);
        return inProgressView(snapshot, options);
      }
      return finishedView(snapshot, snapshot.transcript, options);
    },
  });
}

/**
 * Reads the session again at each change of its state until it is over, the time is up, or its state moves on. It listens
 * before it reads, so that no change falls in between.
 */
async function settled(
  deps: RouteDeps,
  ref: SessionRef,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<SessionSnapshot> {
  const deadline = deps.now().getTime() + waitMs;
  const enough = new AbortController();
  const until = AbortSignal.any([signal, enough.signal]);
  let before: string | undefined;
  try {
    for (;;) {
      const left = deadline - deps.now().getTime();
      const change = deps.sessions.waitForChange(ref, Math.min(left, RECHECK_MS), until);
      const snapshot = await deps.sessions.snapshot(ref);
      before ??= snapshot.row.status;
      const isOver = statusCodeOf(snapshot) !== 202 || snapshot.row.status !== before;
      if (isOver || left <= 0 || signal.aborted) return snapshot;
      await change;
    }
  } finally {
    enough.abort();
  }
}
