import type { EventRecord } from '@earshot/protocol';
import { planDeliveries } from '@earshot/queue';
import type { WorkerParts } from '../parts.ts';

export type AnnouncingParts = Pick<WorkerParts, 'archive' | 'producer' | 'events'>;

/** Tells what happened in one tenant to its event log and its webhooks; doing it again is the same event to both. */
export async function announce(
  { archive, producer, events }: AnnouncingParts,
  tenant: string,
  happened: readonly EventRecord[],
): Promise<void> {
  const webhooks = await archive.listWebhooks(tenant);
  for (const event of happened) {
    await events.append(event);
    for (const job of planDeliveries(event, webhooks)) await producer.deliverWebhook(job);
  }
}
