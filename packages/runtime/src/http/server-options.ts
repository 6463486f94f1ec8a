import type { Authenticator } from '../auth/authenticator.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ReadinessCheck } from './pages/health.ts';
import type { ApiDescription } from './pages/openapi.ts';

export interface HttpServerOptions {
  readonly log: Log;
  /** Counts requests when given. */
  readonly metrics?: Pick<Metrics, 'add' | 'observe' | 'text' | 'contentType'>;
  /** Serves `/metrics` on this listener too; off unless set. */
  readonly serveMetrics?: boolean;
  /** Named checks of `/readyz`; each resolves when its part works. */
  readonly checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Needed as soon as a route says `access: 'tenant'`. */
  readonly authenticator?: Authenticator;
  readonly limiter?: RateLimiter;
  /** Exact origins, or `http://localhost:*` for any port. Local development origins when absent. */
  readonly corsOrigins?: readonly string[];
  /** Addresses or blocks of reverse proxies whose X-Forwarded-* headers are believed. Nobody's when absent. */
  readonly trustedProxies?: readonly string[];
  /** Serves `/openapi.json` and the reference page `/docs` when given. */
  readonly api?: ApiDescription;
  /** Overrides of the server's limits, for tests and special listeners. */
  readonly limits?: {
    readonly requestHeadMs?: number;
    readonly requestBodyMs?: number;
    readonly maxConnections?: number;
  };
}
