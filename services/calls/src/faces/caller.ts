import { EarshotError, LINE_ID, type LineRecord } from '@earshot/protocol';
import { principalOf } from '@earshot/runtime';
import type { FastifyRequest } from 'fastify';
import type { CallActor } from '../ports.ts';

/** Reads lines; the call archive does. */
export interface LineReader {
  readLine(tenant: string, lineId: string): Promise<LineRecord | null>;
  listLines(tenant: string): Promise<LineRecord[]>;
}

/** Who makes a request, as the calls know it. */
export function actorOf(request: FastifyRequest): CallActor {
  const { tenant, subject, line } = principalOf(request);
  return { tenant, subject, line };
}

/** A line of the caller's. Throws `line_not_found` for an unknown one, a foreign one, and one that its key is not for. */
export async function lineOf(lines: LineReader, actor: CallActor, lineId: string): Promise<LineRecord> {
  const allowed = LINE_ID.test(lineId) && (actor.line === null || actor.line === lineId);
  const line = allowed ? await lines.readLine(actor.tenant, lineId) : null;
  if (line === null) throw new EarshotError('line_not_found');
  return line;
}

/** The lines that a caller may see, oldest first. */
export async function linesOf(lines: LineReader, actor: CallActor): Promise<LineRecord[]> {
  const all =
    actor.line === null
      ? await lines.listLines(actor.tenant)
      : [await lines.readLine(actor.tenant, actor.line)].filter((line) => line !== null);
  return all.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt) || a.lineId.localeCompare(b.lineId));
}
