import { EarshotError, LIMITS, LINE_ID } from '@earshot/protocol';
import {
  type Authenticator,
  EVENT_LOG_START,
  type EventLog,
  type EventPlace,
  type HttpServer,
  type Principal,
  principalOf,
} from '@earshot/runtime';
import type { CallArchive } from '@earshot/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type FeedStart, type FeedTimes, openFeed } from './event-feed.ts';
import { createOpenStreams, type OpenStreams, type StreamBounds } from './open-streams.ts';

export interface EventStreamDeps {
  readonly events: EventLog;
  readonly lines: Pick<CallArchive, 'readLine'>;
  readonly authenticator: Authenticator;
  /** LIMITS when absent. */
  readonly times?: FeedTimes;
  readonly bounds?: StreamBounds;
}

const TIMES: FeedTimes = {
  heartbeatMs: LIMITS.eventHeartbeatMs,
  recheckMs: LIMITS.eventRecheckMs,
  stallMs: LIMITS.eventStallMs,
};
const BOUNDS: StreamBounds = { all: LIMITS.maxEventStreams, perTenant: LIMITS.maxEventStreamsPerTenant };

const DESCRIPTION =
  'Server-sent events: `id` is the place in the log, `event` the type, `data` is `{id, type, createdAt, sessionId, data}`. ' +
  'A client that comes back with `Last-Event-ID` gets what it missed. When that place is not kept any more, a `reset` ' +
  'event comes first and then everything that is kept; without the header the stream begins now, and `0-0` asks for ' +
  'everything. Events may come twice: their `data.id` tells. A comment comes when nothing else did for a while.';

const config = { access: 'tenant', rawAnswer: { 200: ['text/event-stream'] } } as const;
const Headers = z.looseObject({ 'last-event-id': z.string().max(64).optional() });

/** Event streams of a line, and of the whole tenant. They end with the server, and with the credential. */
export function registerEventStream(server: HttpServer, deps: EventStreamDeps): void {
  const streams = createOpenStreams(deps.bounds ?? BOUNDS);
  server.addHook('preClose', (done) => {
    streams.end();
    done();
  });
  server.get('/api/v1/sessions/:sessionId/events', {
    exposeHeadRoute: false,
    config: { ...config, scope: 'any' },
    schema: {
      tags: ['events'],
      summary: 'What happens on a line, as it happens',
      description: DESCRIPTION,
      params: z.object({ sessionId: z.string().describe('the line') }),
      headers: Headers,
    },
    handler: async (request, reply) => {
      const place = await placeOf(deps, principalOf(request), request.params.sessionId);
      return answer({ deps, streams, place }, request, reply);
    },
  });
  server.get('/api/v1/events', {
    exposeHeadRoute: false,
    config: { ...config, scope: 'tenant' },
    schema: {
      tags: ['events'],
      summary: 'What happens to sessions and on all lines, as it happens',
      description: DESCRIPTION,
      headers: Headers,
    },
    handler: (request, reply) => {
      const place = { tenant: principalOf(request).tenant, lineId: null };
      return answer({ deps, streams, place }, request, reply);
    },
  });
}

/** Lines of others are `line_not_found`, to a line's key its neighbours too. */
async function placeOf({ lines }: EventStreamDeps, caller: Principal, lineId: string): Promise<EventPlace> {
  const { tenant, line } = caller;
  const allowed = LINE_ID.test(lineId) && (line === null || line === lineId);
  if (!allowed || (await lines.readLine(tenant, lineId)) === null) throw new EarshotError('line_not_found');
  return { tenant, lineId };
}

interface Answering {
  readonly deps: EventStreamDeps;
  readonly streams: OpenStreams;
  readonly place: EventPlace;
}

async function answer({ deps, streams, place }: Answering, request: FastifyRequest, reply: FastifyReply) {
  const lastId = request.headers['last-event-id'];
  const start = await startOf(deps.events, place, typeof lastId === 'string' ? lastId : undefined);
  const caller = principalOf(request);
  const seat = streams.take(place.tenant);
  const feed = openFeed({
    ...start,
    events: deps.events,
    place,
    times: deps.times ?? TIMES,
    onClose: () => seat.leave(),
    recheck: async () => {
      const { tenant, line } = await deps.authenticator.authenticate(request.headers);
      if (tenant !== caller.tenant || line !== caller.line) throw new EarshotError('forbidden');
    },
  });
  seat.hold(feed);
  void reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  return reply.send(feed.body);
}

/** Only places that a client was told are known, so one that is not kept any more is told by that alone. */
async function startOf(events: EventLog, place: EventPlace, lastId: string | undefined): Promise<FeedStart> {
  if (lastId === undefined || lastId === '') return { after: await events.end(place), reset: false };
  if (await events.knows(place, lastId)) return { after: lastId, reset: false };
  return { after: EVENT_LOG_START, reset: true };
}
