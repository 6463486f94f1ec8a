import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { freePort } from '@earshot/test-support';

/** What happens to one request: `cut-after` lets it take effect first; `false-success` does not. */
export type S3Trouble =
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  | { readonly kind: 'cut-before' | 'cut-after' | 'false-success' | 'wrong-checksum' | 'short-body' };

/** A reverse proxy before a real S3 server that makes trouble. */
export interface S3Front {
  readonly endpoint: string;
  /** Decides about each request; undefined lets it pass. */
  trouble: ((method: string) => S3Trouble | undefined) | undefined;
  /** Requests that met with trouble. */
  readonly troubled: () => number;
  stop(): Promise<void>;
}

interface Upstream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Passes requests on as they are, the host they were signed for included. */
export async function startS3Front(endpoint: string): Promise<S3Front> {
  const port = await freePort();
  const target = new URL(endpoint);
  const agent = new Agent({ keepAlive: true });
  let troubled = 0;
  const server = createServer((incoming, response) => {
    const trouble = front.trouble?.(incoming.method ?? '');
    if (trouble !== undefined) troubled += 1;
    handle({ incoming, response, pass: (body) => pass({ incoming, body, target, agent }) }, trouble).catch(
      () => response.socket?.destroy(),
    );
  });
  const front: S3Front = {
    endpoint: `http://127.0.0.1:${port}`,
    trouble: undefined,
    troubled: () => troubled,
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return front;
}

async function handle(
  exchange: {
    incoming: IncomingMessage;
    response: ServerResponse;
    pass: (body: Buffer) => Promise<Upstream>;
  },
  trouble: S3Trouble | undefined,
): Promise<void> {
  const { incoming, response } = exchange;
  const body = await wholeBody(incoming);
  if (trouble?.kind === 'cut-before') throw new Error('cut');
  if (trouble?.kind === 'error') {
    answer(response, trouble.status, errorXml(trouble.code));
    return;
  }
  if (trouble?.kind === 'false-success') {
    answer(response, 200, errorXml('InternalError'));
    return;
  }
  const real = await exchange.pass(body);
  if (trouble?.kind === 'cut-after') throw new Error('cut');
  const headers = { ...real.headers };
  if (trouble?.kind === 'wrong-checksum' && incoming.method === 'PUT')
    headers['x-amz-checksum-sha256'] = Buffer.alloc(32, 7).toString('base64');
  response.writeHead(real.status, headers);
  if (trouble?.kind !== 'short-body' || real.body.length < 2) {
    response.end(real.body);
    return;
  }
  response.write(real.body.subarray(0, real.body.length / 2), () => response.socket?.destroy());
}

async function wholeBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function pass(call: {
  incoming: IncomingMessage;
  body: Buffer;
  target: URL;
  agent: Agent;
}): Promise<Upstream> {
  const { incoming, body, target, agent } = call;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        agent,
      },
      (response) => {
        wholeBody(response).then((bytes) => {
          resolve({ status: response.statusCode ?? 500, headers: response.headers, body: bytes });
        }, reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
}

function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>trouble</Message></Error>`;
}
