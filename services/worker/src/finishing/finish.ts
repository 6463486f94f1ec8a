import type { SessionRef, Transcript } from '@earshot/protocol';
import { planDeliveries } from '@earshot/queue';
import type { WorkerParts } from '../parts.ts';

type FinishParts = Pick<WorkerParts, 'archive' | 'producer' | 'index'>;

/**
 * What follows a stored transcript: the index learns the status, webhooks are queued, and only then the pending
 * marker goes. Every step may be repeated, so a crash between them is made good by doing all of it again.
 */
export async function finishSession(parts: FinishParts, transcript: Transcript): Promise<void> {
  const { archive, producer, index } = parts;
  const ref: SessionRef = { tenant: transcript.tenant, sessionId: transcript.sessionId };
  const { status, completedAt } = transcript;
  await index.finish(ref, { status, completedAt });
  const announcement = { ref, event: `session.${status}` as const, occurredAt: completedAt };
  for (const job of planDeliveries(announcement, await archive.listWebhooks(ref.tenant))) {
    await producer.deliverWebhook(job);
  }
  await archive.removePending(ref);
}
