export { createBlockTest } from './address/block-test.ts';
export {
  type AddressedMessage,
  addressSubject,
  type ClientAddress,
  createClientAddress,
} from './address/client-address.ts';
export { isPublicAddress } from './address/special-addresses.ts';
export { type Authenticator, type AuthenticatorOptions, createAuthenticator } from './auth/authenticator.ts';
export { type RequestHeaders, readCredential } from './auth/caller/credentials.ts';
export type { Principal } from './auth/caller/principal.ts';
export type { KeyMode } from './auth/key/api-key.ts';
export { hashKey } from './auth/key/api-key.ts';
export {
  createKeyring,
  type Keyring,
  type KeyringOptions,
  type KeyStore,
  type NewKey,
  type VerifiedKey,
} from './auth/key/keyring.ts';
export { createLinkSigner, type LinkGrant, type LinkSigner } from './auth/token/media-link.ts';
export { createOidcVerifier, type OidcOptions, type OidcVerifier } from './auth/token/oidc.ts';
export {
  createTokenService,
  type TokenService,
  type TokenServiceOptions,
} from './auth/token/token-service.ts';
export {
  checkUrl,
  createGuardedFetch,
  type GuardedFetch,
  type GuardedRequest,
  type GuardedResponse,
} from './egress/guarded-fetch.ts';
export type { EgressPolicy, ResolvedAddress, Resolver } from './egress/policy.ts';
export { readUrl } from './egress/url-text.ts';
export { FolderInUse, lockFolder } from './folder/folder-lock.ts';
export { readPrivateFile, writePrivateFile } from './folder/private-file.ts';
export { systemFailure } from './folder/system-failure.ts';
export { principalOf } from './http/access/authentication.ts';
export type { ByteRange } from './http/answer/byte-range.ts';
export { type RangedFile, sendRanged } from './http/answer/ranged-answer.ts';
export type { HttpServer } from './http/contract/http-server.ts';
export type { BodyDeadline, RouteAccess } from './http/contract/route-config.ts';
export { createOriginTest, DEVELOPMENT_ORIGINS } from './http/cors.ts';
export type { ReadinessCheck } from './http/pages/health.ts';
export type { ApiDescription } from './http/pages/openapi.ts';
export { publicOrigin } from './http/public-origin.ts';
export { createHttpServer } from './http/server.ts';
export type { HttpServerOptions } from './http/server-options.ts';
export { tuneCollector } from './lifecycle/collector.ts';
export { createLifecycle, type Lifecycle, type ProcessSignals } from './lifecycle/lifecycle.ts';
export { type RunningService, runService, type ServiceProcess } from './lifecycle/run-service.ts';
export { type LimitRule, type LimitState, limitError, limitHeaders } from './limits/rate-limit.ts';
export {
  createRateLimiter,
  DEFAULT_LIMITS,
  type RateLimiter,
  type RateLimiterOptions,
} from './limits/rate-limiter.ts';
export { createLog, type Log, type LogLevel, type LogOptions } from './log/log.ts';
export { maskText } from './log/redaction.ts';
export { METRICS, type MetricCatalogue, type MetricRow } from './metrics/catalogue.ts';
export { createMetrics, type Metrics } from './metrics/metrics.ts';
export { connectRedis, type RedisOptions, type RedisRole, redisReady } from './redis/connection.ts';
export {
  createDeliveryLog,
  type DeliveryLog,
  type DeliveryPage,
  type WebhookPlace,
} from './redis/deliveries/delivery-log.ts';
export { createEventLog, type EventLog } from './redis/events/event-log.ts';
export { EVENT_LOG_START, type EventPlace, type LoggedEvent } from './redis/events/event-names.ts';
export { checkRedisPolicy, type RedisIssue } from './redis/policy.ts';
