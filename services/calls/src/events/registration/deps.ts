import type { QueueProducer } from '@earshot/queue';
import type { DeliveryLog } from '@earshot/runtime';
import type { CallArchive } from '@earshot/storage';
import type { RegistryDeps } from './registry.ts';

/** What the routes of webhooks work with. */
export interface WebhookDeps extends RegistryDeps {
  readonly deliveries: DeliveryLog;
  readonly lines: Pick<CallArchive, 'readLine'>;
  readonly producer: Pick<QueueProducer, 'deliverWebhook'>;
}
