import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCallsClient } from '../calls-client.ts';
import type { EventOptions, LineEvent } from './line-events.ts';

/** What the server does with one connection; it is over when the function returns unless it holds it. */
type Serve = (response: ServerResponse, request: IncomingMessage) => void;

let stop: () => Promise<void> = () => Promise.resolve();
afterEach(() => stop());

const event = (place: number, id = `evt-${place}`): string => {
  const body = {
    id,
    type: 'call.ended',
    createdAt: '2026-01-01T00:00:00.000Z',
    sessionId: 'lin_desk',
    data: {},
  };
  return `id: ${place}-0\nevent: call.ended\ndata: ${JSON.stringify(body)}\n\n`;
};

/** Serves each connection by the next function, the last one for ever. */
async function serve(...connections: Serve[]) {
  const seen: { url: string | undefined; after: unknown }[] = [];
  const server = createServer((request, response) => {
    const next = connections[Math.min(seen.length, connections.length - 1)];
    seen.push({ url: request.url, after: request.headers['last-event-id'] });
    next?.(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const { port } = server.address() as AddressInfo;
  const client = createCallsClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'k' });
  return { seen, client };
}

const stream =
  (text: string, end: 'ends' | 'breaks' | 'stays' = 'ends'): Serve =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 1\n\n${text}`, () => {
      if (end === 'ends') response.end();
      else if (end === 'breaks') response.socket?.resetAndDestroy();
    });
  };
const refuse =
  (status: number, code: string, headers: Record<string, string> = {}): Serve =>
  (response) => {
    response.writeHead(status, headers);
    response.end(JSON.stringify({ error: { code, message: 'No.' } }));
  };

async function take(events: AsyncGenerator<LineEvent>, count: number): Promise<string[]> {
  const places: string[] = [];
  for await (const one of events) {
    places.push(`${one.kind} ${one.place}`);
    if (places.length === count) return places;
  }
  return places;
}

describe('events of a line', () => {
  it('go on behind the last one after an end and after a break', async () => {
    const { client, seen } = await serve(
      stream(event(1)),
      stream(`${event(2)}id: 3-0\ndata: half an ev`, 'breaks'),
      stream(event(3), 'stays'),
    );
    const places = await take(client.events({ line: 'lin_desk', after: '0-0' }), 3);
    expect(places).toEqual(['event 1-0', 'event 2-0', 'event 3-0']);
    expect(seen.map(({ after }) => after)).toEqual(['0-0', '1-0', '2-0']);
    expect(seen[0]?.url).toBe('/api/v1/sessions/lin_desk/events');
  });

  it('begin now, and come back to the place that the server told before any event', async () => {
    const { client, seen } = await serve(stream('id: 7-0\n\n'), stream(event(8), 'stays'));
    expect(await take(client.events(), 1)).toEqual(['event 8-0']);
    expect(seen).toEqual([
      { url: '/api/v1/events', after: undefined },
      { url: '/api/v1/events', after: '7-0' },
    ]);
  });

  it('come once each, and a reset is told', async () => {
    const reset = 'id: 0-0\nevent: reset\ndata: {}\n\n';
    const { client } = await serve(stream(event(1)), stream(reset + event(1) + event(2), 'stays'));
    const places = await take(client.events({ line: 'lin_desk' }), 3);
    expect(places).toEqual(['event 1-0', 'reset 0-0', 'event 2-0']);
  });

  it('pass over what is not known', async () => {
    const odd = 'event: weather\ndata: {"id":"x"}\n\nevent: odd\ndata: no json\n\n';
    const { client } = await serve(stream(odd + event(1), 'stays'));
    expect(await take(client.events(), 1)).toEqual(['event 1-0']);
  });

  it('outlive a server that is busy, and a connection that falls silent', async () => {
    const { client, seen } = await serve(
      refuse(503, 'service_unavailable', { 'retry-after': '0' }),
      stream(event(1), 'stays'),
      stream(event(2), 'stays'),
    );
    expect(await take(client.events({ stallMs: 200 }), 2)).toEqual(['event 1-0', 'event 2-0']);
    expect(seen).toHaveLength(3);
  });

  it('end with a refusal that coming back does not change', async () => {
    const { client, seen } = await serve(stream(event(1)), refuse(401, 'invalid_api_key'));
    await expect(take(client.events(), 9)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(seen).toHaveLength(2);
  });

  it('end when nobody answers for so long', async () => {
    const { client } = await serve((response) => response.socket?.resetAndDestroy());
    await expect(take(client.events({ resumeForMs: 300 }), 1)).rejects.toThrow('could not be reached');
  });

  it.each([[{ line: 'lin_desk' }], [{}]] as [EventOptions][])('end by the signal of %j', async (options) => {
    const { client } = await serve(stream(event(1), 'stays'));
    const over = new AbortController();
    const taking = take(client.events({ ...options, signal: over.signal }), 9);
    setTimeout(() => over.abort(new Error('enough')), 200);
    await expect(taking).rejects.toThrow('enough');
  });
});
