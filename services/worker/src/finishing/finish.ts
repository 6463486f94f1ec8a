import { type SessionRef, sessionEvent, type Transcript } from '@earshot/protocol';
import { planDeliveries } from '@earshot/queue';
import type { WorkerParts } from '../parts.ts';

type FinishParts = Pick<WorkerParts, 'archive' | 'producer' | 'index' | 'events'>;

/**
 * What follows a stored transcript: the index learns the status, the event is told, and only then the pending
 * marker goes. Every step may be repeated, so a crash between them is made good by doing all of it again.
 */
export async function finishSession(parts: FinishParts, transcript: Transcript): Promise<void> {
  const { archive, producer, index, events } = parts;
  const ref: SessionRef = { tenant: transcript.tenant, sessionId: transcript.sessionId };
  const { status, completedAt } = transcript;
  await index.finish(ref, { status, completedAt });
  const [session, webhooks] = await Promise.all([archive.readSession(ref), archive.listWebhooks(ref.tenant)]);
  const news = { ref, event: `session.${status}` as const, occurredAt: completedAt, call: session?.call };
  const event = sessionEvent(news);
  await events.append(event);
  for (const job of planDeliveries(event, webhooks)) await producer.deliverWebhook(job);
  await archive.removePending(ref);
}
