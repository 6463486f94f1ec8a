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

/** What requests share that do not go through the SDK. */
export interface DirectOptions {
  readonly agents: { readonly http: Agent; readonly https: Agent };
  readonly connectMs: number;
  readonly idleMs: number;
}

/** What is read of an error's text, bytes. */
const MAX_ERROR_BYTES = 65_536;

/**
 * Puts objects that are in memory straight over the runtime's own client, by a way that the SDK found: a put by the SDK
 * costs four times the processor time. Each put is one request; what comes of a failure is its caller's business.
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
  async put(put: DirectPut): Promise<PutAnswer> {
    const route = this.#route;
    if (route === undefined) throw new Error('no way is known yet');
    const signed = await callS3(() => this.#sign(route, put));
    const answer = await callS3(() => this.#send(route, put, signed));
    const { statusCode = 0 } = answer.message;
    if (statusCode >= 200 && statusCode < 300) return answer.message.headers;
    // Expired credentials, another region, a clock that jumped: the SDK knows what to do about them.
    if (statusCode !== 412) this.#route = undefined;
    const symptom = /<Code>([^<]{1,100})<\/Code>/.exec(answer.text)?.[1] ?? 'UnknownError';
    throw new S3CallFailed(symptom, { status: statusCode });
  }

  async #sign(route: PutRoute, { key, body, sha256, headers }: DirectPut): Promise<SignedPut> {
    const { protocol, hostname, port, basePath, signer } = route;
    const path = `${basePath}${encodeKey(key)}`;
    const request = {
      method: 'PUT',
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      query: {},
      headers: {
        ...headers,
        host: port === undefined ? hostname : `${hostname}:${port}`,
        'content-length': String(body.length),
        'x-amz-content-sha256': sha256,
      },
    };
    const signingDate = new Date(Date.now() + this.#client.config.systemClockOffset);
    return { path, headers: (await signer.sign(request, { signingDate })).headers };
  }

  async #send(route: PutRoute, put: DirectPut, { path, headers }: SignedPut): Promise<Answered> {
    try {
      return await this.#exchange(route, put, { path, headers });
    } catch (error) {
      this.#route = undefined;
      throw error;
    }
  }

  #exchange(route: PutRoute, { body }: DirectPut, { path, headers }: SignedPut): Promise<Answered> {
    const { agents, connectMs, idleMs } = this.#options;
    const secure = route.protocol === 'https:';
    const { hostname, port } = route;
    const to = { method: 'PUT', hostname, port, path, headers: { ...headers }, timeout: idleMs };
    return new Promise((resolve, reject) => {
      const request = secure
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
        readText(message).then((text) => resolve({ message, text }), reject);
      });
      request.end(body);
    });
  }
}

interface SignedPut {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Answered {
  readonly message: IncomingMessage;
  readonly text: string;
}

/** The text of an answer, as far as anyone wants to know it; reading it to its end frees the connection. */
function readText(message: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    message.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < MAX_ERROR_BYTES) text += chunk;
    });
    message.once('end', () => resolve(text)).once('error', reject);
  });
}

function timedOut(): Error {
  const error = new Error('nothing moved on the connection');
  error.name = 'TimeoutError';
  return error;
}
