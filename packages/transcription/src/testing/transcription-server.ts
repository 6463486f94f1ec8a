import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One upload as the server saw it. */
export interface TranscriptionRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  /** Text fields by name, in order; repeated ones keep all values. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  readonly fileName: string | undefined;
  readonly file: Uint8Array;
  /** Counts from 1. */
  readonly number: number;
}

/** What the server does with one upload. */
export interface TranscriptionAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: object | string;
  readonly delayMs?: number;
  /** Break the connection off in the middle of the body. */
  readonly breakOff?: boolean;
}

export interface TranscriptionServer {
  /** Base address with `/v1`. */
  readonly url: string;
  readonly requests: readonly TranscriptionRequest[];
  stop(): Promise<void>;
}

function parseForm(
  body: Buffer,
  contentType: string,
): Pick<TranscriptionRequest, 'fields' | 'fileName' | 'file'> {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(contentType);
  const fields: Record<string, string[]> = {};
  let fileName: string | undefined;
  let file = new Uint8Array(0);
  for (const part of body
    .toString('latin1')
    .split(`--${boundary?.[1] ?? boundary?.[2] ?? ''}`)
    .slice(1, -1)) {
    const gap = part.indexOf('\r\n\r\n');
    const head = part.slice(0, gap);
    const content = Buffer.from(part.slice(gap + 4, -2), 'latin1');
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? '';
    const upload = /filename="([^"]*)"/.exec(head)?.[1];
    if (upload === undefined) fields[name] = [...(fields[name] ?? []), content.toString('utf8')];
    else {
      fileName = upload;
      file = new Uint8Array(content);
    }
  }
  return { fields, fileName, file };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) if (part instanceof Buffer) parts.push(part);
  return Buffer.concat(parts);
}

function send(response: ServerResponse, answer: TranscriptionAnswer): void {
  const { body = '' } = answer;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers });
  if (answer.breakOff !== true) response.end(text);
  else response.write(text.slice(0, text.length / 2), () => response.destroy());
}

/**
 * A transcription server on loopback for tests: takes `POST /v1/audio/transcriptions` and answers as it is told;
 * `GET` gets 404, as at servers without a model list.
 */
export async function startTranscriptionServer(
  answerTo: (request: TranscriptionRequest) => TranscriptionAnswer,
): Promise<TranscriptionServer> {
  const requests: TranscriptionRequest[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    if (request.method !== 'POST') {
      send(response, { status: 404 });
      return;
    }
    const seen = {
      path: request.url ?? '',
      authorization: request.headers.authorization,
      number: requests.length + 1,
      ...parseForm(body, request.headers['content-type'] ?? ''),
    };
    requests.push(seen);
    const answer = answerTo(seen);
    const timer = setTimeout(() => {
      timers.delete(timer);
      send(response, answer);
    }, answer.delayMs ?? 0);
    timers.add(timer);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
