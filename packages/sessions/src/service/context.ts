import type { SessionDocument, SessionRef } from '@earshot/protocol';
import type { SessionIndex, SessionTruth, WorkQueue } from '../ports.ts';

/** Problems that are repaired later and must not stop the caller; `detail` never holds speech or secrets. */
type Warn = (message: string, detail: { sessionId?: string; error?: unknown }) => void;

/** What the use-cases need from outside. */
export interface SessionsContext {
  readonly truth: SessionTruth;
  readonly index: SessionIndex;
  readonly queue: WorkQueue;
  /** Reads one stored object whole. */
  readonly readObject: (key: string) => Promise<Uint8Array>;
  readonly now: () => Date;
  /** Time that only goes forward, ms from anywhere: what waits must not hang on a wall clock that is put right. */
  readonly elapsedMs: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly warn: Warn;
  readonly settings: SessionSettings;
}

export interface SessionSettings {
  /** Life of a session without End, seconds. */
  readonly ttlSeconds: number;
  /** End waits this long for the tail of a live stream, ms. */
  readonly endTailWaitMs: number;
  /** After End, a node that went down with a stream's tail may come back for this long, seconds. */
  readonly recoveryWaitSeconds?: number;
  /** A lease that is not renewed for this long has lost its node, ms. */
  readonly leaseMs: number;
  /** Same sequence with other bytes while the session is open: refuse, or replace. */
  readonly onDifferentUpload: 'refuse' | 'replace';
}

/** `ref` of a document. */
export function refOf(document: SessionDocument): SessionRef {
  return { tenant: document.tenant, sessionId: document.sessionId };
}

/** Announces events to webhooks; a queue that is down is only logged, since state can be polled. */
export async function announce(
  context: SessionsContext,
  ref: SessionRef,
  events: readonly Parameters<WorkQueue['announce']>[1][],
): Promise<void> {
  for (const event of events) {
    try {
      await context.queue.announce(ref, event, context.now().toISOString());
    } catch (error) {
      context.warn('a webhook event could not be queued', { sessionId: ref.sessionId, error });
    }
  }
}
