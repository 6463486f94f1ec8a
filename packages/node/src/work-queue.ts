import { sessionEvent } from '@earshot/protocol';
import { planDeliveries, planRemoval, planSegments, type QueueProducer } from '@earshot/queue';
import type { EventLog } from '@earshot/runtime';
import type { WorkQueue } from '@earshot/sessions';
import type { SessionArchive } from '@earshot/storage';

/** What sessions ask of the queue, as jobs; what they announce goes to the event log too. */
export function createWorkQueue(
  producer: QueueProducer,
  archive: SessionArchive,
  events: Pick<EventLog, 'append'>,
): WorkQueue {
  return {
    decodeUploads: ({ tenant, sessionId }) => producer.decodeUploads({ tenant, sessionId }),
    transcribe: (document, segments) =>
      producer.transcribeFlow(
        { tenant: document.tenant, sessionId: document.sessionId },
        planSegments(document, segments),
      ),
    renderRecording: ({ tenant, sessionId }) => producer.renderRecording({ tenant, sessionId }),
    async removeWork(ref, segments) {
      const webhooks = await archive.listWebhooks(ref.tenant);
      return producer.removeSession(ref, planRemoval(ref, segments, webhooks));
    },
    async announce(ref, event, occurredAt) {
      const [session, webhooks] = await Promise.all([
        archive.readSession(ref),
        archive.listWebhooks(ref.tenant),
      ]);
      const told = sessionEvent({ ref, event, occurredAt, call: session?.call });
      await events.append(told);
      for (const job of planDeliveries(told, webhooks)) await producer.deliverWebhook(job);
    },
  };
}
