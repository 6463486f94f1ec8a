import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/** One event as a client reads it off the wire. */
interface ReadEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** A client of an event stream that follows the rules of the WHATWG for reading one. */
export interface EventClient {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: readonly ReadEvent[];
  /** Everything that came. */
  readonly text: string;
  /** As the next connection's `Last-Event-ID`. */
  readonly lastId: string;
  /** How the stream ended, once it did. */
  readonly ended: 'orderly' | 'cut' | null;
  /** Takes no more bytes off the socket. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface EventClientOptions {
  readonly key: string;
  readonly lastId?: string;
}

/** Opens a stream; resolves when the head is there, and with a 200 the first bytes too. */
export async function openEvents(url: string, { key, lastId }: EventClientOptions): Promise<EventClient> {
  const headers = { 'x-api-key': key, accept: 'text/event-stream' };
  const [outgoing, incoming] = await connect(url, {
    ...headers,
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  });
  const state = { text: '', lastId: '', ended: null as EventClient['ended'], events: [] as ReadEvent[] };
  let rest = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (part: string) => {
    state.text += part;
    const blocks = (rest + part).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(block, state);
  });
  incoming.on('end', () => {
    state.ended ??= 'orderly';
  });
  incoming.on('error', () => undefined);
  incoming.on('close', () => {
    state.ended ??= 'cut';
  });
  await new Promise<void>((resolve) => {
    if (incoming.statusCode === 200) incoming.once('data', () => resolve());
    incoming.once('close', resolve);
  });
  return Object.assign(state, {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    pause: () => void incoming.pause(),
    resume: () => void incoming.resume(),
    close: () => void outgoing.destroy(),
  });
}

function connect(url: string, headers: Record<string, string>): Promise<[ClientRequest, IncomingMessage]> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, agent: false }, (incoming) => resolve([outgoing, incoming]));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function take(block: string, state: { lastId: string; events: ReadEvent[] }): void {
  const fields = new Map<string, string>();
  for (const row of block.split('\n')) {
    const colon = row.indexOf(':');
    if (colon > 0) fields.set(row.slice(0, colon), row.slice(colon + 1).replace(/^ /, ''));
  }
  state.lastId = fields.get('id') ?? state.lastId;
  const data = fields.get('data');
  if (data === undefined) return;
  state.events.push({ id: state.lastId, event: fields.get('event') ?? 'message', data });
}
