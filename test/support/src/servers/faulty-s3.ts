import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from '../resources/free-port.ts';
import { listingXml } from './s3-listing.ts';

/** A request as the fake saw it, with the whole body. */
export interface S3Request {
  readonly method: string;
  /** Path within the bucket, without the leading slash. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the fake would say. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
}

/** Answers instead of the fake; `act` lets the request take effect and gives the answer that was due. */
export type S3Fault = (response: ServerResponse, request: S3Request, act: () => S3Answer) => void;

/** An S3 server in this process that misbehaves on demand. */
export interface FaultyS3 {
  readonly endpoint: string;
  readonly bucket: string;
  readonly requests: S3Request[];
  readonly objects: Map<string, { body: Buffer; headers: Record<string, string> }>;
  /** Most requests that were under way at once. */
  readonly peak: () => number;
  /** Faults for the next requests, one each. */
  readonly faults: S3Fault[];
  /** A fault for every request while it is set. */
  always: S3Fault | undefined;
  /** Off: If-None-Match is accepted and ignored, as some vendors do. */
  conditional: boolean;
  stop(): Promise<void>;
}

/** An error answer as S3 gives it. */
export function s3Error(status: number, code: string): S3Fault {
  return (response) => sendS3Answer(response, errorAnswer(status, code));
}

/** Breaks the connection instead of answering, before or after the request took effect. */
export function s3Cut(when: 'before' | 'after'): S3Fault {
  return (response, _request, act) => {
    if (when === 'after') act();
    response.socket?.destroy();
  };
}

export function sendS3Answer(response: ServerResponse, answer: S3Answer): void {
  response.writeHead(answer.status, { ...answer.headers }).end(answer.body);
}

/** Starts the fake with an empty bucket. Signatures are not checked, checksums are. */
export async function startFaultyS3(): Promise<FaultyS3> {
  const port = await freePort();
  let underWay = 0;
  let peak = 0;
  const server = createServer((incoming, response) => {
    underWay += 1;
    peak = Math.max(peak, underWay);
    response.once('close', () => {
      underWay -= 1;
    });
    void readRequest(incoming, fake.bucket).then((request) => handle(fake, request, response));
  });
  const fake: FaultyS3 = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'faulty',
    requests: [],
    objects: new Map(),
    peak: () => peak,
    faults: [],
    always: undefined,
    conditional: true,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return fake;
}

async function readRequest(incoming: IncomingMessage, bucket: string): Promise<S3Request> {
  const chunks: Buffer[] = [];
  // A broken upload ends here; its connection is gone anyway.
  const take = (chunk: Buffer): void => void chunks.push(chunk);
  await incoming.forEach(take).catch(() => undefined);
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return {
    method: incoming.method ?? '',
    key: decodeURIComponent(url.pathname).slice(bucket.length + 2),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

function handle(fake: FaultyS3, request: S3Request, response: ServerResponse): void {
  fake.requests.push(request);
  const act = (): S3Answer => {
    if (request.method === 'PUT') return put(fake, request);
    if (request.method === 'POST') return errorAnswer(501, 'NotImplemented');
    if (request.method !== 'DELETE') return get(fake, request);
    fake.objects.delete(request.key);
    return { status: 204, headers: {} };
  };
  const fault = fake.faults.shift() ?? fake.always;
  if (fault === undefined) sendS3Answer(response, act());
  else fault(response, request, act);
}

function put(fake: FaultyS3, request: S3Request): S3Answer {
  const { key, body, headers } = request;
  if (fake.conditional && headers['if-none-match'] === '*' && fake.objects.has(key)) {
    return errorAnswer(412, 'PreconditionFailed');
  }
  const checksum = createHash('sha256').update(body).digest('base64');
  if ((headers['x-amz-checksum-sha256'] ?? checksum) !== checksum) {
    return errorAnswer(400, 'XAmzContentChecksumMismatch');
  }
  const kept: Record<string, string> = { 'x-amz-checksum-sha256': checksum, etag: '"fake"' };
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-') && typeof value === 'string') kept[name] = value;
  }
  fake.objects.set(key, { body, headers: kept });
  return { status: 200, headers: kept };
}

function get(fake: FaultyS3, request: S3Request): S3Answer {
  const object = fake.objects.get(request.key);
  if (request.key === '') return list(fake, request);
  if (object === undefined) {
    return request.method === 'HEAD' ? { status: 404, headers: {} } : errorAnswer(404, 'NoSuchKey');
  }
  const headers = { ...object.headers, 'content-length': object.body.length };
  return { status: 200, headers, ...(request.method === 'HEAD' ? {} : { body: object.body }) };
}

/** Of the bucket itself: a listing, or that it is there. */
function list(fake: FaultyS3, { query }: S3Request): S3Answer {
  if (query.get('list-type') !== '2') return { status: 200, headers: {} };
  const sizes = new Map([...fake.objects].map(([key, { body }]) => [key, body.length]));
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: listingXml(sizes, query) };
}

function errorAnswer(status: number, code: string): S3Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>fake</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
