import { planDeliveries, planRemoval, planSegments, type QueueProducer } from '@earshot/queue';
import type { WorkQueue } from '@earshot/sessions';
import type { SessionArchive } from '@earshot/storage';

/** What sessions ask of the queue, as jobs. */
export function createWorkQueue(producer: QueueProducer, archive: SessionArchive): WorkQueue {
  return {
    decodeUploads: ({ tenant, sessionId }) => producer.decodeUploads({ tenant, sessionId }),
    transcribe: (document, segments) =>
      producer.transcribeFlow(
        { tenant: document.tenant, sessionId: document.sessionId },
        planSegments(document, segments),
      ),
    async removeWork(ref, segments) {
      const webhooks = await archive.listWebhooks(ref.tenant);
      return producer.removeSession(ref, planRemoval(ref, segments, webhooks));
    },
    async announce(ref, event, occurredAt) {
      const webhooks = await archive.listWebhooks(ref.tenant);
      for (const job of planDeliveries({ ref, event, occurredAt }, webhooks))
        await producer.deliverWebhook(job);
    },
  };
}
