import { createHash } from 'node:crypto';
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import { callS3, S3CallFailed } from '../s3-failure.ts';
import { encodeKey, type PutRoute } from './put-route.ts';

/** What a server said of a put: the headers of its success. */
export type PutAnswer = IncomingMessage['headers'];

/** One object and the headers that go with it; `content-length` and those of the signature are added. */
export interface DirectPut {
  readonly key: string;
  readonly body: Uint8Array;
  readonly sha256: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a server gave: the object, or that there is none. */
export type DirectFinding = Uint8Array | 'missing';

/** What requests share that do not go through the SDK. */
export interface DirectOptions {
  readonly agents: { readonly http: Agent; readonly https: Agent };
  readonly connectMs: number;
  readonly idleMs: number;
}

/** What is read of an error's text, bytes. */
const MAX_ERROR_BYTES = 65_536;
/** Of no bytes. */
const EMPTY_SHA256 = createHash('sha256').digest('hex');

/**
 * Puts and gets objects that fit in memory straight over the runtime's own client, by a way that the SDK found: the same
 * by the SDK costs four times the processor time. Each call is one request; what comes of a failure is its caller's
 * business.
 */
export class DirectSender {
  readonly #options: DirectOptions;
  readonly #client: S3Client;
  #route: PutRoute | undefined;

  constructor(client: S3Client, options: DirectOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** No way is known before a put by the SDK went well, nor after one of these did not. */
  get isReady(): boolean {
    return this.#route !== undefined;
  }

  /** Takes the way that a successful put of the SDK went. */
  follow(route: PutRoute): void {
    this.#route = route;
  }

  /** Lets go of the connections that nothing uses. */
  close(): void {
    this.#options.agents.http.destroy();
    this.#options.agents.https.destroy();
  }

  /** Rejects with S3CallFailed as a single request of the SDK would. */
  async put({ key, body, sha256, headers }: DirectPut): Promise<PutAnswer> {
    const route = this.#route;
    if (route === undefined) throw new Error('no way is known yet');
    const sized = { ...headers, 'content-length': String(body.length) };
    const answer = await this.#call(route, { method: 'PUT', key, sha256, headers: sized, body });
    const { statusCode = 0 } = answer.message;
    if (statusCode >= 200 && statusCode < 300) return answer.message.headers;
    // Expired credentials, another region, a clock that jumped: the SDK knows what to do about them.
    if (statusCode !== 412) this.#route = undefined;
    throw new S3CallFailed(codeIn(answer.body), { status: statusCode });
  }

  /** A whole object, verified by its length and checksum. Undefined when the SDK is to be asked, whatever the reason. */
  async get(key: string): Promise<DirectFinding | undefined> {
    const route = this.#route;
    if (route === undefined) return undefined;
    const headers = { 'x-amz-checksum-mode': 'ENABLED' };
    try {
      const { message, body } = await this.#call(route, {
        method: 'GET',
        key,
        sha256: EMPTY_SHA256,
        headers,
      });
      if (message.statusCode === 200 && isWhole(message, body)) return body;
      if (message.statusCode === 404 && codeIn(body) === 'NoSuchKey') return 'missing';
    } catch (error) {
      if (!(error instanceof S3CallFailed)) throw error;
    }
    this.#route = undefined;
    return undefined;
  }

  async #call(route: PutRoute, request: DirectRequest): Promise<Answered> {
    const signed = await callS3(() => this.#sign(route, request));
    try {
      return await callS3(() => this.#exchange(route, request, signed));
    } catch (error) {
      this.#route = undefined;
      throw error;
    }
  }

  async #sign(route: PutRoute, { method, key, sha256, headers }: DirectRequest): Promise<SignedRequest> {
    const { protocol, hostname, port, basePath, signer } = route;
    const path = `${basePath}${encodeKey(key)}`;
    const host = port === undefined ? hostname : `${hostname}:${port}`;
    const request = {
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      query: {},
      headers: { ...headers, host, 'x-amz-content-sha256': sha256 },
    };
    const signingDate = new Date(Date.now() + this.#client.config.systemClockOffset);
    return { path, headers: (await signer.sign(request, { signingDate })).headers };
  }

  #exchange(
    route: PutRoute,
    { method, body }: DirectRequest,
    { path, headers }: SignedRequest,
  ): Promise<Answered> {
    const { agents, connectMs, idleMs } = this.#options;
    const { hostname, port } = route;
    const to = { method, hostname, port, path, headers: { ...headers }, timeout: idleMs };
    return new Promise((resolve, reject) => {
      const request =
        route.protocol === 'https:'
          ? httpsRequest({ ...to, agent: agents.https })
          : httpRequest({ ...to, agent: agents.http });
      const giveUp = (): void => void request.destroy(timedOut());
      request.once('socket', (socket) => {
        if (!socket.connecting) return;
        const timer = setTimeout(giveUp, connectMs);
        socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
      });
      request.once('timeout', giveUp);
      request.on('error', reject);
      request.once('response', (message) => {
        readBody(message).then((read) => resolve({ message, body: read }), reject);
      });
      request.end(body);
    });
  }
}

interface DirectRequest {
  readonly method: 'PUT' | 'GET';
  readonly key: string;
  /** Of the request's body. */
  readonly sha256: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface SignedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Answered {
  readonly message: IncomingMessage;
  readonly body: Uint8Array;
}

/** All of an answer, in memory of its own; reading it to its end frees the connection. */
function readBody(message: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    message.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk);
      bytes += chunk.length;
    });
    message.once('error', reject).once('end', () => {
      const whole = new Uint8Array(bytes);
      let at = 0;
      for (const chunk of chunks) {
        whole.set(chunk, at);
        at += chunk.length;
      }
      resolve(whole);
    });
  });
}

/** The error code in an answer's text. */
function codeIn(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, 0, Math.min(body.length, MAX_ERROR_BYTES)).toString('utf8');
  return /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1] ?? 'UnknownError';
}

/** True unless the length or a checksum over the whole says otherwise. */
function isWhole({ headers }: IncomingMessage, body: Uint8Array): boolean {
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== body.length) return false;
  const checksum = headers['x-amz-checksum-sha256'];
  // With a dash it is one over the checksums of parts.
  if (typeof checksum !== 'string' || checksum.includes('-')) return true;
  return createHash('sha256').update(body).digest('base64') === checksum;
}

function timedOut(): Error {
  const error = new Error('nothing moved on the connection');
  error.name = 'TimeoutError';
  return error;
}
