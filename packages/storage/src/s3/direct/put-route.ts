import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

type Signer = Awaited<ReturnType<S3Client['config']['signer']>>;

/** Where the SDK sent an object of the bucket, and how it signed for it. */
export interface PutRoute {
  readonly protocol: string;
  readonly hostname: string;
  /** Undefined is the protocol's own. */
  readonly port: number | undefined;
  /** What stands before each key, slash included. */
  readonly basePath: string;
  readonly signer: Signer;
}

/** The part of a request that tells its way. */
interface RoutedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/**
 * Lets a put by the SDK tell its way once it is known: whatever decides on it (environment, profiles, regions, path or
 * host style) decides for those that follow too. Signatures other than the plain one are left to the SDK.
 */
export function watchRoute(
  command: PutObjectCommand,
  { client, key, found }: { client: S3Client; key: string; found: (route: PutRoute) => void },
): void {
  command.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      const scheme = context.endpointV2?.properties?.authSchemes?.[0];
      const { request } = args;
      if (scheme?.name !== 'sigv4' || !isRouted(request)) return answer;
      const { protocol, hostname, port, path } = request;
      const ending = encodeKey(key);
      if (!path.endsWith(`/${ending}`)) return answer;
      const basePath = path.slice(0, path.length - ending.length);
      found({ protocol, hostname, port, basePath, signer: await client.config.signer(scheme) });
      return answer;
    },
    { step: 'build', name: 'watchRoute' },
  );
}

/** Makes a known hash part of the SDK's signature: servers that ignore checksum headers verify this one. */
export function signPayload(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (isRouted(request)) request.headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'signKnownPayloadHash' },
  );
}

/** A key as S3 wants it in a path and in its signature (RFC 3986, section 2.3, slashes kept). */
export function encodeKey(key: string): string {
  if (/^[A-Za-z0-9/._~-]*$/.test(key)) return key;
  const hex = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return key
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, hex))
    .join('/');
}

function isRouted(request: unknown): request is RoutedRequest {
  return typeof request === 'object' && request !== null && 'headers' in request && 'hostname' in request;
}
