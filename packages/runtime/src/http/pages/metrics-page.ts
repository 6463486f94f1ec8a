import type { Metrics } from '../../metrics/metrics.ts';
import type { HttpServer } from '../contract/http-server.ts';

/** `/metrics` in the Prometheus text format. */
export function registerMetricsPage(app: HttpServer, metrics: Pick<Metrics, 'text' | 'contentType'>): void {
  app.get(
    '/metrics',
    { config: { access: 'public', anyVersion: true }, logLevel: 'warn', schema: { hide: true } },
    async (_request, reply) => {
      void reply.header('content-type', metrics.contentType);
      return metrics.text();
    },
  );
}
