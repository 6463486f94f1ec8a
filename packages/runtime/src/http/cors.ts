import cors from '@fastify/cors';
import type { HttpServer } from './contract/http-server.ts';

/** Pages that developers serve on their own machine. */
export const DEVELOPMENT_ORIGINS: readonly string[] = [
  'http://localhost:*',
  'http://127.0.0.1:*',
  'https://localhost:*',
];

const EXPOSED_HEADERS = [
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
  'Upload-Offset',
  'Upload-Complete',
  'Upload-Limit',
  'Location',
  'Content-Range',
  'Accept-Ranges',
  'Content-Disposition',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const PREFLIGHT_SECONDS = 7200;

/** Builds a test of one Origin header. An entry is an exact origin, or ends in `:*` for any port and none. */
export function createOriginTest(allowed: readonly string[]): (origin: string | undefined) => boolean {
  if (allowed.includes('*'))
    throw new TypeError('CORS origins are listed one by one: "*" would open credentials to all');
  const exact = new Set(allowed);
  const hosts = allowed.filter((entry) => entry.endsWith(':*')).map((entry) => entry.slice(0, -2));
  return (origin) => {
    if (origin === undefined) return false;
    return exact.has(origin) || hosts.some((host) => origin === host || isPortOf(host, origin));
  };
}

function isPortOf(host: string, origin: string): boolean {
  return origin.startsWith(`${host}:`) && /^\d{1,5}$/.test(origin.slice(host.length + 1));
}

/** Answers browsers of listed origins, with credentials; others get an answer that their browser withholds. */
export async function registerCors(app: HttpServer, origins: readonly string[]): Promise<void> {
  const isAllowed = createOriginTest(origins);
  await app.register(cors, {
    origin: (origin, callback) => callback(null, isAllowed(origin)),
    credentials: true,
    methods: METHODS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
}
