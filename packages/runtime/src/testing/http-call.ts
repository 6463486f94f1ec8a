import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Call {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: string | Uint8Array;
  /** Loopback address to come from. */
  readonly from?: string;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON of whatever shape; tests look into it freely. */
  json(): ReturnType<typeof JSON.parse>;
}

/** Sends one request over a socket of its own; the path goes out as written. */
export async function httpCall(port: number, call: Call): Promise<Answer> {
  const { url: path, method = 'GET', headers = {}, payload, from = '127.0.0.1' } = call;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path, method, headers: { ...headers }, localAddress: from, agent: false },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const body = Buffer.concat(parts).toString();
          const { statusCode = 0 } = incoming;
          resolve({ statusCode, headers: incoming.headers, body, json: JSON.parse.bind(null, body) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
