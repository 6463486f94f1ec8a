import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** One HTTP request under way. */
export interface HttpExchange {
  readonly request: ClientRequest;
  readonly answer: Promise<HttpAnswer>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body, empty when there was none. */
  readonly body: Record<string, unknown>;
}

export interface HttpCall {
  readonly path: string;
  readonly method: string;
  readonly headers?: Record<string, string | string[]>;
}

/** Begins a request over a connection of its own; the caller writes the body and ends it. */
export function sendHttp(port: number, { path, method, headers = {} }: HttpCall): HttpExchange {
  const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
  sent.on('error', () => undefined);
  const answer = read(sent);
  answer.catch(() => undefined);
  return { request: sent, answer };
}

/** Sends a whole request. */
export async function callHttp(port: number, call: HttpCall & { body?: Uint8Array }): Promise<HttpAnswer> {
  const { request: sent, answer } = sendHttp(port, call);
  sent.end(call.body);
  return await answer;
}

async function read(sent: ClientRequest): Promise<HttpAnswer> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}
