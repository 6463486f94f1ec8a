import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { DirectSender } from './direct/direct-sender.ts';

/** Where the bucket is and how to reach it. */
export interface S3StoreConfig {
  readonly bucket: string;
  /** For anything but AWS itself, e.g. `http://127.0.0.1:9000`. */
  readonly endpoint?: string;
  /** `us-east-1` with an endpoint; without one the SDK's own configuration decides. */
  readonly region?: string;
  /** Bucket name in the path and not in the host; true with an endpoint unless told. */
  readonly forcePathStyle?: boolean;
  /** Without them the SDK looks where it always does: environment, profile, container, instance. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Lets `probe` create a missing bucket. */
  readonly createBucket?: boolean;
  /** Requests under way at once. */
  readonly maxSockets?: number;
  /** A connection on which nothing moves for this long is given up, ms. */
  readonly idleTimeoutMs?: number;
}

export const DEFAULT_SOCKETS = 64;
/** Tries of one request, the first included. */
export const MAX_ATTEMPTS = 4;
const CONNECT_MS = 5000;
const IDLE_MS = 30_000;

/**
 * A client that retries as the SDK's standard mode does (backoff with jitter, a budget against storms). Checksums are
 * sent only where we name them: automatic ones turn streamed bodies into a trailer format that many servers refuse.
 */
export function createS3Client(config: S3StoreConfig): S3Client {
  const maxSockets = config.maxSockets ?? DEFAULT_SOCKETS;
  const agent = { keepAlive: true, maxSockets };
  const region = config.region ?? (config.endpoint === undefined ? undefined : 'us-east-1');
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(config.credentials === undefined ? {} : { credentials: { ...config.credentials } }),
    forcePathStyle: config.forcePathStyle ?? config.endpoint !== undefined,
    retryMode: 'standard',
    maxAttempts: MAX_ATTEMPTS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: config.idleTimeoutMs ?? IDLE_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
    logger: silentLog,
  });
}

/** The short way for objects in memory, with the client's own limits. */
export function createDirectSender(client: S3Client, config: S3StoreConfig): DirectSender {
  const options = { keepAlive: true, maxSockets: config.maxSockets ?? DEFAULT_SOCKETS };
  return new DirectSender(client, {
    agents: { http: new Agent(options), https: new SecureAgent(options) },
    connectMs: CONNECT_MS,
    idleMs: config.idleTimeoutMs ?? IDLE_MS,
  });
}

/** Failures are told by errors alone; the SDK would warn on the console about each streamed body it cannot repeat. */
const silence = (): void => undefined;
const silentLog = { trace: silence, debug: silence, info: silence, warn: silence, error: silence };
