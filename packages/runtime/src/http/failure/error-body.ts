import { type EarshotError, ErrorBody, type ErrorCode, errorEnvelope } from '@earshot/protocol';
import { z } from 'zod';

/** How a route writes its errors; what each means is said at the route configuration. */
export type ErrorShape = 'envelope' | 'flat' | 'gateway';

const FlatError = z.object({ error: z.string(), code: z.string() });
const GatewayError = z.object({ error_code: z.string(), message: z.string() });

/** The error body of each shape, for the OpenAPI document. */
export const ERROR_SCHEMAS = { envelope: ErrorBody, flat: FlatError, gateway: GatewayError } as const;

/** Words of the realtime gateway by status; other refusals of a request are invalid ones. */
const GATEWAY_CODES: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'rate_limited',
};

const Fields = z.object({ fields: z.array(z.object({ path: z.string(), message: z.string() })) });

/** One sentence for shapes that have no room for details: which fields are wrong, and how. */
function sentence(error: EarshotError): string {
  const known = Fields.safeParse(error.details);
  if (!known.success) return error.message;
  const fields = known.data.fields.map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
  return `${error.message} ${fields.join('; ')}`;
}

/** An error as a route of this shape answers it. The gateway's contract knows no failure of ours but 500. */
export function errorAnswer(
  shape: ErrorShape,
  error: EarshotError,
  status: number,
): { readonly status: number; readonly body: object } {
  if (shape === 'envelope') return { status, body: errorEnvelope(error) };
  if (shape === 'flat') return { status, body: { error: sentence(error), code: capitals(error.code) } };
  if (status >= 500) return { status: 500, body: { error_code: 'provider_error', message: error.message } };
  const code = GATEWAY_CODES[status] ?? 'invalid_request';
  return { status, body: { error_code: code, message: sentence(error) } };
}

const capitals = (code: ErrorCode): string => code.toUpperCase();
