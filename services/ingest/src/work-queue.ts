import { WEBHOOK_EVENTS } from '@earshot/protocol';
import { planDeliveries, planSegments, type QueueProducer } from '@earshot/queue';
import type { WorkQueue } from '@earshot/sessions';
import type { SessionArchive } from '@earshot/storage';

/** Deliveries are named for removal only; when they happened does not matter. */
const NEVER = new Date(0).toISOString();

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
      const deliveries = WEBHOOK_EVENTS.flatMap((event) =>
        planDeliveries({ ref, event, occurredAt: NEVER }, webhooks),
      );
      return producer.removeSession(ref, { segments, deliveries });
    },
    async announce(ref, event, occurredAt) {
      const webhooks = await archive.listWebhooks(ref.tenant);
      for (const job of planDeliveries({ ref, event, occurredAt }, webhooks))
        await producer.deliverWebhook(job);
    },
  };
}
