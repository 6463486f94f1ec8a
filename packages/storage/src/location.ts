import { fileURLToPath } from 'node:url';
import { createFolderStore } from './folder/folder-store.ts';
import type { ObjectStore } from './port/object-store.ts';
import type { S3StoreConfig } from './s3/s3-client.ts';
import { createS3Store } from './s3/s3-store.ts';

/** What a URL must not hold. */
export type OpenOptions = Pick<S3StoreConfig, 'credentials'>;

const PARAMETERS = new Set(['endpoint', 'region', 'path_style', 'create_bucket', 'max_sockets']);

/**
 * Opens `file:./folder`, `file:///folder` or
 * `s3://bucket?endpoint=http://host:9000&region=…&path_style=true&create_bucket=true&max_sockets=64`.
 * Without credentials S3 uses the SDK's own sources; a URL that says anything else is a RangeError.
 */
export function openObjectStore(url: string, options: OpenOptions = {}): ObjectStore {
  if (url.startsWith('file:')) return createFolderStore(folderOf(url));
  if (url.startsWith('s3:')) return createS3Store({ ...configOf(url), ...options });
  throw new RangeError('an object store is given as file:… or s3://bucket');
}

function folderOf(url: string): string {
  const path = url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length);
  if (path === '') throw new RangeError('file: needs a folder');
  return path;
}

function configOf(text: string): S3StoreConfig {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') throw new RangeError('s3: needs a bucket, as in s3://bucket');
  if (url.username !== '' || url.password !== '')
    throw new RangeError('an s3: URL must not hold credentials');
  if (!['', '/'].includes(url.pathname))
    throw new RangeError('an s3: URL names a bucket, not a folder in it');
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.has(name)) throw new RangeError(`an s3: URL does not know the parameter ${name}`);
  }
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !URL.canParse(endpoint))
    throw new RangeError('the endpoint of an s3: URL is a URL');
  const region = url.searchParams.get('region');
  const pathStyle = flag(url, 'path_style');
  return {
    bucket: url.hostname,
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
    ...(pathStyle === undefined ? {} : { forcePathStyle: pathStyle }),
    createBucket: flag(url, 'create_bucket') === true,
    ...sockets(url),
  };
}

function flag(url: URL, name: string): boolean | undefined {
  const value = url.searchParams.get(name);
  if (value === null) return undefined;
  if (value !== 'true' && value !== 'false') throw new RangeError(`${name} is true or false`);
  return value === 'true';
}

function sockets(url: URL): { maxSockets?: number } {
  const value = url.searchParams.get('max_sockets');
  if (value === null) return {};
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new RangeError('max_sockets is a number from 1 to 9999');
  return { maxSockets: Number(value) };
}
