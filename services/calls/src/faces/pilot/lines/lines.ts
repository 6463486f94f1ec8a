import { CreateLineRequest, EarshotError, LIMITS, LineRecord } from '@earshot/protocol';
import type { HttpServer } from '@earshot/runtime';
import { z } from 'zod';
import { actorOf, lineOf, linesOf } from '../../caller.ts';
import type { PilotDeps } from '../deps.ts';
import { LINE_TAGS, TENANT_ROUTE } from '../route.ts';
import type { LineKeys } from './line-keys.ts';
import { hasOpenCalls } from './open-calls.ts';

/** A line as its tenant sees it. */
const LineView = LineRecord.omit({ v: true, tenant: true });
const MadeKey = z.object({
  keyId: z.string(),
  key: z.string().describe('the key of this line: shown this once'),
});
const LineParams = z.object({ id: z.string().describe('`lin_…`') });

/** The one carrier whose calls never come over a stream. */
const LOCAL_CARRIER = 'loopback';

const view = (line: LineRecord): z.infer<typeof LineView> => LineView.parse(line);

/** Make, list, get and delete lines, and renew a line's key. */
export function registerLines(server: HttpServer, deps: PilotDeps, keys: LineKeys): void {
  registerCreate(server, deps, keys);
  registerDelete(server, deps, keys);
  server.get('/v1/lines', {
    config: TENANT_ROUTE,
    schema: {
      tags: LINE_TAGS,
      summary: 'List lines',
      response: { 200: z.object({ lines: z.array(LineView) }) },
    },
    handler: async (request) => ({ lines: (await linesOf(deps.archive, actorOf(request))).map(view) }),
  });
  server.get('/v1/lines/:id', {
    config: TENANT_ROUTE,
    schema: { tags: LINE_TAGS, summary: 'Get a line', params: LineParams, response: { 200: LineView } },
    handler: async (request) => view(await lineOf(deps.archive, actorOf(request), request.params.id)),
  });
  server.post('/v1/lines/:id/key', {
    config: { ...TENANT_ROUTE, limit: 'create' },
    schema: {
      tags: LINE_TAGS,
      summary: "Make a line's key anew",
      description: 'The one before stops working, and what is connected by it ends.',
      params: LineParams,
      body: z.strictObject({}).nullish(),
      response: { 201: MadeKey },
    },
    handler: async (request, reply) => {
      const { key, record } = await keys.renew(
        await lineOf(deps.archive, actorOf(request), request.params.id),
      );
      void reply.code(201);
      return { keyId: record.keyId, key };
    },
  });
}

function registerCreate(server: HttpServer, deps: PilotDeps, keys: LineKeys): void {
  server.post('/v1/lines', {
    config: { ...TENANT_ROUTE, limit: 'create' },
    schema: {
      tags: LINE_TAGS,
      summary: 'Make a line, and its key',
      description: `A line is a number or account on a carrier; without one it is on \`loopback\`, for trying out.`,
      body: CreateLineRequest,
      response: { 201: LineView.extend(MadeKey.shape) },
    },
    handler: async (request, reply) => {
      const { tenant } = actorOf(request);
      const { lineId = deps.newId('lin'), ...habits } = request.body;
      refuseCarrier(deps.carriers, habits.carrier);
      const lines = await deps.archive.listLines(tenant);
      if (lines.length >= LIMITS.maxLinesPerTenant) {
        throw new EarshotError('invalid_request', {
          message: `A tenant has at most ${LIMITS.maxLinesPerTenant} lines.`,
        });
      }
      await refuseTakenElsewhere(deps.archive, { tenant, lineId, carrier: habits.carrier });
      const line: LineRecord = { v: 1, lineId, tenant, ...habits, createdAt: deps.now().toISOString() };
      if ((await deps.archive.createLine(line)) === 'exists') {
        throw new EarshotError('line_conflict', { message: 'A line with this id already exists.' });
      }
      const { key, record } = await keys.renew(line);
      void reply.code(201);
      return { ...view(line), keyId: record.keyId, key };
    },
  });
}

function registerDelete(server: HttpServer, deps: PilotDeps, keys: LineKeys): void {
  server.delete('/v1/lines/:id', {
    config: TENANT_ROUTE,
    schema: {
      tags: LINE_TAGS,
      summary: 'Delete a line and its key; its calls and recordings stay until their time is over',
      params: LineParams,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const line = await lineOf(deps.archive, actorOf(request), request.params.id);
      if (await hasOpenCalls(deps.calls, line, deps.now())) {
        throw new EarshotError('line_conflict', { message: 'The line has calls that have not ended.' });
      }
      await keys.revoke(line);
      await deps.archive.removeLine(line.tenant, line.lineId);
      void reply.code(204);
      return null;
    },
  });
}

/** Streams of telephone platforms name a line by its id alone, so no other tenant may have it on such a carrier. */
async function refuseTakenElsewhere(
  archive: Pick<PilotDeps['archive'], 'listAllLines'>,
  { tenant, lineId, carrier }: Pick<LineRecord, 'tenant' | 'lineId' | 'carrier'>,
): Promise<void> {
  if (carrier === LOCAL_CARRIER) return;
  const isTaken = (await archive.listAllLines()).some(
    (other) => other.lineId === lineId && other.tenant !== tenant && other.carrier !== LOCAL_CARRIER,
  );
  if (isTaken) throw new EarshotError('line_conflict', { message: 'A line with this id already exists.' });
}

function refuseCarrier(known: readonly string[], name: string): void {
  if (known.includes(name)) return;
  throw new EarshotError('invalid_request', {
    message: `This server has no carrier of that name; it has: ${known.join(', ')}.`,
  });
}
