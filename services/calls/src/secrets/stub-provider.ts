import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LIMITS } from '@earshot/protocol';
import { z } from 'zod';
import { ProviderEntry } from './provider/provider-file.ts';

/** A provider on this machine that makes secrets which open nothing. */
export interface StubProvider {
  readonly entry: ProviderEntry;
  close(): Promise<void>;
}

const VOICES = ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'];
const MODELS = ['gpt-realtime', 'gpt-realtime-mini', 'gpt-realtime-whisper', 'gpt-4o-transcribe'];

const Session = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('realtime'),
    model: z.string(),
    audio: z.strictObject({ output: z.strictObject({ voice: z.string() }) }),
  }),
  z.strictObject({
    type: z.literal('transcription'),
    audio: z.strictObject({
      input: z.strictObject({
        transcription: z.strictObject({ model: z.string() }),
        turn_detection: z.null().optional(),
      }),
    }),
  }),
]);
const Order = z.strictObject({
  expires_after: z.strictObject({
    anchor: z.literal('created_at'),
    seconds: z.int().min(LIMITS.realtimeSecretMinSeconds).max(LIMITS.realtimeSecretMaxSeconds),
  }),
  session: Session,
});

async function readOrder(request: IncomingMessage): Promise<z.infer<typeof Order> | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const body: AsyncIterable<Buffer> = request;
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > LIMITS.maxJsonBodyBytes) return undefined;
    parts.push(part);
  }
  try {
    return Order.safeParse(JSON.parse(Buffer.concat(parts).toString())).data;
  } catch {
    return undefined;
  }
}

function isAuthorized(request: IncomingMessage, apiKey: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${apiKey}`);
  return given.byteLength === wanted.byteLength && timingSafeEqual(given, wanted);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const failure = (code: string): object => ({
  error: { message: code, type: 'invalid_request_error', param: null, code },
});

function secretFor({ expires_after: { seconds }, session }: z.infer<typeof Order>): object {
  const object = session.type === 'realtime' ? 'realtime.session' : 'realtime.transcription_session';
  return {
    value: `ek_stub_${randomBytes(24).toString('hex')}`,
    expires_at: Math.floor(Date.now() / 1000) + seconds,
    session: { ...session, object, id: `sess_${randomBytes(12).toString('hex')}`, expires_at: 0 },
  };
}

/** Starts the stand-in for a realtime provider, on loopback only; for development without a provider's account. */
export async function startStubProvider(): Promise<StubProvider> {
  const apiKey = `stub-${randomBytes(24).toString('hex')}`;
  const path = '/v1/realtime/client_secrets';
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isKnown = request.method === 'POST' && request.url === path;
    const order = isKnown ? await readOrder(request) : undefined;
    if (!isAuthorized(request, apiKey)) answer(response, 401, failure('invalid_api_key'));
    else if (!isKnown) answer(response, 404, failure('not_found'));
    else if (order === undefined) answer(response, 400, failure('invalid_request'));
    else answer(response, 200, secretFor(order));
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stub provider has no port');
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    entry: ProviderEntry.parse({
      name: 'stub',
      origin,
      path,
      apiKey,
      models: MODELS,
      voices: VOICES,
      allowPrivate: true,
    }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
