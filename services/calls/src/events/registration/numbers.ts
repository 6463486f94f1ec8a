import { EarshotError, LINE_ID } from '@earshot/protocol';
import { principalOf } from '@earshot/runtime';
import type { CallArchive } from '@earshot/storage';
import type { FastifyRequest } from 'fastify';

const HEADER = 'x-whatsapp-number-id';

/** The number that a request names by header and body; `number_mismatch` when the two differ. */
function namedNumber(request: FastifyRequest, inBody: string | undefined): string | null {
  const inHeader = request.headers[HEADER];
  if (Array.isArray(inHeader)) throw new EarshotError('number_mismatch');
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody)
    throw new EarshotError('number_mismatch');
  return inBody ?? inHeader ?? null;
}

/**
 * The line that a request is about: that of its key, or the one it names. A key's request may name no other line
 * (`number_mismatch`); one that is not the tenant's is `number_not_found`. Null: the whole tenant.
 */
export async function lineOf(
  request: FastifyRequest,
  lines: Pick<CallArchive, 'readLine'>,
  inBody?: string,
): Promise<string | null> {
  const { tenant, line } = principalOf(request);
  const named = namedNumber(request, inBody);
  if (line !== null) {
    if (named !== null && named !== line) throw new EarshotError('number_mismatch');
    return line;
  }
  if (named === null) return null;
  if (!LINE_ID.test(named) || (await lines.readLine(tenant, named)) === null) {
    throw new EarshotError('number_not_found');
  }
  return named;
}
