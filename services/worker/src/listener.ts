import type { QueueProducer } from '@earshot/queue';
import {
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
  type Log,
  type Metrics,
} from '@earshot/runtime';

export interface ListenerOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly checks: NonNullable<HttpServerOptions['checks']>;
}

/** The worker's own pages: /healthz, /readyz and /metrics. */
export function createListener({ log, metrics, checks }: ListenerOptions): Promise<HttpServer> {
  return createHttpServer({ log, metrics, serveMetrics: true, checks });
}

/** Reads the queues' figures whenever metrics are asked for. */
export function collectQueueMetrics(metrics: Metrics, producer: Pick<QueueProducer, 'counts'>): void {
  metrics.onCollect(async () => {
    for (const [queue, { oldestWaitMs, ...states }] of Object.entries(await producer.counts())) {
      for (const [state, jobs] of Object.entries(states)) {
        metrics.set('earshot_queue_jobs', { queue, state }, jobs);
      }
      metrics.set('earshot_queue_oldest_seconds', { queue }, oldestWaitMs / 1000);
    }
  });
}
