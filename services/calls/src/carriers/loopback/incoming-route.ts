import { EarshotError } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import { z } from 'zod';
import { actorOf, type LineReader, lineOf } from '../../faces/caller.ts';
import type { LoopbackCarrier } from './loopback-carrier.ts';

const SimulateRequest = z.strictObject({
  lineId: z.string().describe('`lin_…`, a line on the loopback carrier'),
  from: z.string().min(1).max(128).default('+15550100').describe('who calls, as the call shows it'),
  behaviour: z
    .string()
    .max(600)
    .default('loop:echo')
    .describe('how the caller behaves: a `loop:` address; its `ring` is how long it waits to be accepted'),
});

export interface IncomingRouteDeps {
  readonly carrier: LoopbackCarrier;
  readonly lines: LineReader;
}

/** Adds `POST /v1/loopback/calls`: lets a call come in on a line of the loopback carrier, to try out what happens then. */
export function registerLoopbackIncoming(server: HttpServer, { carrier, lines }: IncomingRouteDeps): void {
  server.post('/v1/loopback/calls', {
    config: { access: 'tenant', scope: 'any', errors: 'flat', limit: 'create' },
    schema: {
      tags: ['loopback'],
      summary: 'Let a simulated call come in',
      body: SimulateRequest,
      response: { 201: z.object({ callId: z.string() }) },
    },
    handler: async (request, reply) => {
      const { lineId, from, behaviour } = request.body;
      const line = await lineOf(lines, actorOf(request), lineId);
      if (line.carrier !== carrier.name) {
        throw new EarshotError('invalid_request', { message: 'The line is not on the loopback carrier.' });
      }
      void reply.code(201);
      return { callId: await carrier.incoming(line, { peer: from, behaviour }) };
    },
  });
}
